"""Clients that come back when their server ends, as the widget and the inbox do."""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from contextlib import suppress

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.faults.clients import PATIENCE_SECONDS
from tests.faults.history import Ack

DRAINING = 4503


def log_in(web, tenants):
    """Get each tenant's member an access token."""
    for tenant in tenants:
        known = {"email": tenant.emails[0], "password": tenant.password}
        tenant.access = httpx.post(f"{web.url}/api/auth/token", json=known).json()["access"]


class Returning:
    """A socket that is opened again whenever it is drained, and goes on where it was."""

    def __init__(self, web, path, *, after=None, **auth):
        self.address = web.url.replace("http", "ws", 1) + path
        self.auth = auth
        self.after = after
        self.events = []
        self.resyncs = 0
        self.endings = Counter()
        self.line = None
        self.is_open = asyncio.Event()
        self.task = asyncio.create_task(self._stay())

    async def leave(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _stay(self):
        while True:
            try:
                async with connect(self.address, open_timeout=PATIENCE_SECONDS) as self.line:
                    await self._follow()
            except ConnectionClosed as closed:
                self.endings[closed.rcvd and closed.rcvd.code] += 1
            self.is_open.clear()
            await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _follow(self):
        known = {} if self.after is None else {"lastEventId": self.after}
        await self.line.send(json.dumps({"type": "auth", **self.auth, **known}))
        async for text in self.line:
            frame = json.loads(text)
            if frame["type"] == "auth:ok":
                self.is_open.set()
                await self.welcomed()
            elif frame["type"] == "error":
                assert frame["code"] == "draining", frame
            elif frame["type"] == "resync":
                self.resyncs += 1
            else:
                self.heard(frame)

    async def welcomed(self):
        """The socket is open, for the first time or again."""

    def heard(self, frame):
        if "id" in frame:
            self.events.append(frame)
            self.after = frame["id"]


class Member(Returning):
    """A member at the dashboard."""

    def __init__(self, web, tenant, *, after=None):
        super().__init__(web, "/api/ws/tenant", token=tenant.access, after=after)
        self.seen = {}

    def heard(self, frame):
        super().heard(frame)
        if frame["type"] == "message:new":
            self.seen.setdefault(frame["data"]["id"], []).append(time.monotonic())

    async def sees(self, message_id, *, seconds):
        async with asyncio.timeout(seconds):
            while message_id not in self.seen:  # noqa: ASYNC110 -- a poll is plain
                await asyncio.sleep(0.01)


class Visitor(Returning):
    """A visitor, who says again what nobody has acknowledged."""

    def __init__(self, web, tenant, session):
        auth = {name: session[name] for name in ("sessionId", "sessionSecret")}
        super().__init__(web, "/api/ws/chat", token=tenant.token, **auth)
        self.acks = []
        self.unheard = {}

    async def chatter(self, stop, *, pause):
        while not stop.is_set():
            await self.say(f"Line {len(self.acks) + 1}")
            await asyncio.sleep(pause)

    async def say(self, text):
        answer = asyncio.get_running_loop().create_future()
        frame = {"type": "message", "messageId": uuid.uuid4().hex, "text": text}
        self.unheard[frame["messageId"]] = (frame, answer)
        sent_at = time.monotonic()
        if self.is_open.is_set():
            await self._send(frame)
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            data = await answer
        times = {"sent_at": sent_at, "acked_at": time.monotonic()}
        ack = Ack(data["conversationId"], id=data["id"], seq=data["seq"], **times)
        self.acks.append(ack)
        return ack

    async def welcomed(self):
        for frame, _ in list(self.unheard.values()):
            await self._send(frame)

    def heard(self, frame):
        super().heard(frame)
        if frame["type"] == "ack":
            _, answer = self.unheard.pop(frame["data"]["messageId"], (None, None))
            if answer:
                answer.set_result(frame["data"])

    async def _send(self, frame):
        # What is not heard is said again on the next line.
        with suppress(ConnectionClosed):
            await self.line.send(json.dumps(frame))
