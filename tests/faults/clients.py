"""Clients that remember what they were promised, and when."""

import asyncio
import json
import time
import uuid
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.widgets.shops import FAQ

QUESTION = FAQ[0]["question"]
PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class Ack:
    """A message that the server said it has stored."""

    id: str
    seq: int
    conversation_id: str
    sent_at: float
    acked_at: float

    @property
    def seconds(self):
        return self.acked_at - self.sent_at


class Visitor:
    """A visitor's socket."""

    def __init__(self, line):
        self.acks = []
        self._line = line
        self._waiting = {}

    async def say(self, text, *, message_id=None):
        """Send, wait for the acknowledgement, remember and return it."""
        message_id = message_id or uuid.uuid4().hex
        self._waiting[message_id] = answer = asyncio.get_running_loop().create_future()
        sent_at = time.monotonic()
        await self.send(text, message_id=message_id)
        async with asyncio.timeout(PATIENCE_SECONDS):
            data = await answer
        ack = Ack(data["id"], data["seq"], data["conversationId"], sent_at, time.monotonic())
        self.acks.append(ack)
        return ack

    async def send(self, text, *, message_id):
        frame = {"type": "message", "messageId": message_id, "text": text}
        await self._line.send(json.dumps(frame))

    async def chatter(self, stop, *, pause):
        """Say one thing after another until ``stop`` is set."""
        number = 0
        while not stop.is_set():
            await self.say(f"Line {(number := number + 1)}")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def listen(self):
        async for text in self._line:
            frame = json.loads(text)
            assert frame["type"] != "error", frame
            if frame["type"] == "ack":
                self._waiting.pop(frame["data"]["messageId"]).set_result(frame["data"])


@dataclass
class Watcher:
    """A member's socket: what it was told, and when."""

    line: object
    events: list = field(default_factory=list)
    seen: dict = field(default_factory=dict)
    listening: asyncio.Task | None = None

    async def listen(self):
        async for text in self.line:
            frame = json.loads(text)
            assert frame["type"] not in ("error", "resync"), frame
            if "id" not in frame:
                continue
            self.events.append(frame)
            if frame["type"] == "message:new":
                self.seen.setdefault(frame["data"]["id"], []).append(time.monotonic())

    async def sees(self, message_id, *, seconds):
        async with asyncio.timeout(seconds):
            while message_id not in self.seen:
                # A client that stopped listening says why.
                assert not self.listening.done() or self.listening.result()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def visiting(web, tenant, session=None):
    """A visitor of the tenant's page, by a socket of this web server."""
    session = session or await new_session(web, tenant)
    auth = {name: session[name] for name in ("sessionId", "sessionSecret")}
    async with _line(web, "/api/ws/chat", token=tenant.token, **auth) as line:
        visitor = Visitor(line)
        async with _listening(visitor):
            yield visitor


@asynccontextmanager
async def watching(web, tenant):
    """The tenant's owner at the dashboard."""
    async with _line(web, "/api/ws/tenant", token=tenant.access) as line:
        watcher = Watcher(line)
        async with _listening(watcher):
            yield watcher


async def new_session(web, tenant):
    path = f"/api/widgets/{tenant.code}/session"
    async with httpx.AsyncClient(base_url=web.url) as client:
        return (await client.post(path, json={})).json()


async def ask(web, tenant, *, text=QUESTION, seconds=30):
    """Ask over HTTP and wait for the assistant's answer, as (status, body)."""
    path = f"{web.url}/api/widgets/{tenant.id}/chat"
    headers = {"Authorization": f"Bearer {tenant.token}"}
    body = {"sessionId": uuid.uuid4().hex, "message": text, "messageId": uuid.uuid4().hex}
    async with httpx.AsyncClient(timeout=seconds) as client:
        answer = await client.post(path, json=body, headers=headers)
    return answer.status_code, answer.json()


@asynccontextmanager
async def _line(web, path, **auth):
    address = web.url.replace("http", "ws", 1) + path
    async with connect(address, open_timeout=PATIENCE_SECONDS, close_timeout=1) as line:
        await line.send(json.dumps({"type": "auth", **auth}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            welcome = json.loads(await line.recv())
        assert welcome["type"] == "auth:ok", welcome
        yield line


@asynccontextmanager
async def _listening(client):
    client.listening = asyncio.create_task(client.listen())
    try:
        yield
    finally:
        client.listening.cancel()
        with suppress(asyncio.CancelledError, ConnectionClosed):
            await client.listening
