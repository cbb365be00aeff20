"""What leaves this process towards Redis, and what arrives; the only user of the channel layer.

Everything here is a hint that may be lost: the truth is in the database, and whoever listens finds
it there. So nobody waits for Redis: senders append to one bounded queue, which drops its oldest
hints while Redis is away, and a thread of its own sends them on while they are fresh.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from itertools import product
from typing import Any
from uuid import UUID

from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings
from kombu import Connection

from tenants import context, metrics, tracing

logger = logging.getLogger(__name__)

QUEUE_LIMIT = 10_000
TIMEOUT_SECONDS = 0.25
PAUSE_AFTER_FAILURE_SECONDS = 0.25
# By then everybody has looked by themselves, and words that are still being typed are said.
FRESH_SECONDS = 5.0
TO_SOCKETS, TO_WORKER = "sockets", "worker"


def publish(tenant_id: UUID, message: dict[str, Any]) -> None:
    """Tell the web processes that hold sockets of this tenant."""
    hint = {"type": "hint", **message}
    if trace := tracing.traceparent():
        hint["trace"] = trace
    _outgoing.put(group_of(tenant_id), hint)


def nudge(task: str, **arguments: Any) -> None:
    """Tell the worker to look at the table; it will do so anyway, a little later."""
    headers = {"request_id": context.request_id.get(), "traceparent": tracing.traceparent()}
    _outgoing.put(None, {"task": task, "arguments": arguments, "headers": headers})


def group_of(tenant_id: UUID) -> str:
    return f"tenant.{tenant_id}"


class Incoming:
    """This process's one channel: joins tenants' groups and receives their hints."""

    def __init__(self) -> None:
        self._layer = get_channel_layer()
        self._channel = ""

    async def open(self) -> None:
        self._channel = await self._layer.new_channel()

    async def receive(self) -> dict[str, Any]:
        return await self._layer.receive(self._channel)

    async def join(self, tenant_id: UUID) -> None:
        await self._layer.group_add(group_of(tenant_id), self._channel)

    async def leave(self, tenant_id: UUID) -> None:
        await self._layer.group_discard(group_of(tenant_id), self._channel)


class Outgoing:
    """The one queue and the one thread that empties it."""

    def __init__(self) -> None:
        self._queue: deque[tuple[float, str | None, dict[str, Any]]] = deque(maxlen=QUEUE_LIMIT)
        self._start = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._filled = asyncio.Event()
        self._broker: Connection | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, group: str | None, message: dict[str, Any]) -> None:
        if len(self._queue) == QUEUE_LIMIT:
            _count(self._queue[0][1], "dropped")
        self._queue.append((time.monotonic(), group, message))
        self._running_loop().call_soon_threadsafe(self._filled.set)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            with self._start:
                if self._loop is None:
                    loop = asyncio.new_event_loop()
                    threading.Thread(
                        target=loop.run_until_complete,
                        args=(self._send_all(),),
                        name="outgoing",
                        daemon=True,
                    ).start()
                    self._loop = loop
        return self._loop

    async def _send_all(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                since, group, message = self._queue.popleft()
                if time.monotonic() - since < FRESH_SECONDS:
                    await self._send(group, message)
                else:
                    _count(group, "stale")

    async def _send(self, group: str | None, message: dict[str, Any]) -> None:
        try:
            if group is None:
                await asyncio.to_thread(self._send_task, **message)
            else:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await get_channel_layer().group_send(group, message)
            _count(group, "sent")
        except Exception as error:
            _count(group, "failed")
            logger.warning("A hint was lost: %s", error or type(error).__name__)
            await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)

    def _send_task(self, task: str, arguments: dict[str, Any], headers: dict[str, str]) -> None:
        # A connection of its own: the worker's must be patient, this one must not.
        if self._broker is None:
            self._broker = Connection(
                settings.CELERY_BROKER_URL,
                transport_options={
                    "socket_timeout": TIMEOUT_SECONDS,
                    "socket_connect_timeout": TIMEOUT_SECONDS,
                    "max_retries": 0,
                    "retry_on_timeout": False,
                },
            )
        try:
            current_app.send_task(
                task, kwargs=arguments, headers=headers, connection=self._broker, retry=False
            )
        except Exception:
            self._broker.release()
            self._broker = None
            raise


_counters = {
    ends: metrics.HINTS.labels(*ends)
    for ends in product((TO_SOCKETS, TO_WORKER), ("sent", "stale", "failed", "dropped"))
}


def _count(group: str | None, outcome: str) -> None:
    _counters[TO_SOCKETS if group else TO_WORKER, outcome].inc()


_outgoing = Outgoing()
metrics.HINT_QUEUE.set_function(_outgoing.__len__)
