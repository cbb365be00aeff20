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
from dataclasses import dataclass
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
# One that comes alone goes at once; what comes on its heels is gathered, and costs less together.
GATHER_SECONDS = 0.01
TOGETHER = 50
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
        self._received: deque[dict[str, Any]] = deque()

    async def open(self) -> None:
        self._channel = await self._layer.new_channel()

    async def receive(self) -> dict[str, Any]:
        """The next hint; whispers that were sent together come one by one."""
        while not self._received:
            message = await self._layer.receive(self._channel)
            said = message.get("whispers")
            self._received.extend([{"ephemeral": one} for one in said] if said else [message])
        return self._received.popleft()

    async def join(self, tenant_id: UUID) -> None:
        await self._layer.group_add(group_of(tenant_id), self._channel)

    async def leave(self, tenant_id: UUID) -> None:
        await self._layer.group_discard(group_of(tenant_id), self._channel)


@dataclass
class Sending:
    """One message to a group or to the worker, in place of so many hints."""

    since: float
    group: str | None
    message: dict[str, Any]
    hints: int = 1

    def takes_in(self, later: dict[str, Any]) -> bool:
        """Whether this message now says that as well; what is traced goes by itself.

        Events are joined with events, and whispers with whispers, so that their order stays.
        """
        if self.group is None or "trace" in self.message or "trace" in later:
            return False
        if "events" in self.message and "events" in later:
            told = {"events": [*self.message["events"], *later["events"]]}
        elif (said := _whispers_of(self.message)) and (more := _whispers_of(later)):
            told = {"whispers": [*said, *more]}
        else:
            return False
        self.message = {"type": "hint", **told}
        self.hints += 1
        return True


def _whispers_of(hint: dict[str, Any]) -> list[dict[str, Any]]:
    """One alone is sent as earlier releases know it; of several together they hear nothing."""
    return hint.get("whispers") or ([hint["ephemeral"]] if "ephemeral" in hint else [])


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
        if not self._filled.is_set():
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
                for sending in self._next():
                    if time.monotonic() - sending.since < FRESH_SECONDS:
                        await self._send(sending)
                    else:
                        _count(sending.group, "stale", sending.hints)
                await asyncio.sleep(GATHER_SECONDS)

    def _next(self) -> list[Sending]:
        """What goes out now: to each group in the order of its hints, in few messages."""
        latest: dict[str | None, Sending] = {}
        sendings: list[Sending] = []
        for _ in range(min(TOGETHER, len(self._queue))):
            since, group, message = self._queue.popleft()
            if group not in latest or not latest[group].takes_in(message):
                latest[group] = Sending(since, group, message)
                sendings.append(latest[group])
        return sendings

    async def _send(self, sending: Sending) -> None:
        try:
            if sending.group is None:
                await asyncio.to_thread(self._send_task, **sending.message)
            else:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await get_channel_layer().group_send(sending.group, sending.message)
            _count(sending.group, "sent", sending.hints)
        except Exception as error:
            _count(sending.group, "failed", sending.hints)
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


def _count(group: str | None, outcome: str, hints: int = 1) -> None:
    _counters[TO_SOCKETS if group else TO_WORKER, outcome].inc(hints)


_outgoing = Outgoing()
metrics.HINT_QUEUE.set_function(_outgoing.__len__)
