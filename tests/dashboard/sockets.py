"""The team's socket from its client's end, through the whole application."""

import time
from contextlib import asynccontextmanager

from channels.testing import WebsocketCommunicator

from livechat.asgi import application
from tenants.executor import run_in_db_thread
from tests.dashboard.team import access_token
from tests.factories import make_member

PATH = "/api/ws/tenant"


class Socket(WebsocketCommunicator):
    def __init__(self, **headers):
        names = {"host": "testserver", **headers}
        raw = [(name.encode(), value.encode()) for name, value in names.items()]
        super().__init__(application, PATH, headers=raw)
        self.scope["client"] = ("192.0.2.1", 50000)

    async def send(self, type, **fields):
        await self.send_json_to({"type": type, **fields})

    async def frame(self, seconds=5):
        return await self.receive_json_from(timeout=seconds)

    async def frames(self, count):
        return [await self.frame() for _ in range(count)]

    async def error_and_close(self, seconds=5):
        error = await self.frame(seconds)
        assert error["type"] == "error", error
        closing = await self.receive_output()
        return error["code"], closing["code"]

    async def is_silent(self, seconds=0.3):
        return await self.receive_nothing(timeout=seconds, interval=0.05)

    async def rest(self):
        """What comes until it is silent."""
        frames = []
        while not await self.is_silent():
            frames.append(await self.frame())
        return frames


@asynccontextmanager
async def connected(**headers):
    """A socket that has said nothing yet."""
    socket = Socket(**headers)
    assert (await socket.connect())[0]
    try:
        yield socket
    finally:
        await socket.disconnect()


@asynccontextmanager
async def listening(token, **fields):
    """An authenticated socket, and the data of its welcome."""
    async with connected() as socket:
        await socket.send("auth", token=token, **fields)
        welcome = await socket.frame()
        assert welcome["type"] == "auth:ok", welcome
        yield socket, welcome["data"]


async def new_member(tenant, **fields):
    """A member and a fresh access token."""
    return await run_in_db_thread(_new_member, tenant, fields)


def _new_member(tenant, fields):
    member = make_member(tenant, **fields)
    return member, access_token(member)


class Stopwatch:
    def __init__(self):
        self.begun = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.begun


async def heard(listener, sender, type, **fields):
    """The frame that the listener gets; what is sent before Redis knows us may be lost."""
    for _ in range(25):
        await sender.send(type, **fields)
        if not await listener.is_silent(0.2):
            return await listener.frame()
    raise AssertionError(f"{type} was never heard")
