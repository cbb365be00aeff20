"""The socket from its client's end, through the whole application, in the test's own process."""

import asyncio
from contextlib import asynccontextmanager

from channels.testing import WebsocketCommunicator

from assistants.events import Reply, Usage
from conversations import answers, turns
from conversations.models import Turn
from livechat.asgi import application
from realtime.feeds import hub
from tenants.executor import run_in_db_thread
from tests.gateways.blits.tokens import api_token


class Socket(WebsocketCommunicator):
    def __init__(self, token="", **headers):
        names = {"host": "testserver", **headers}
        raw = [(name.encode(), value.encode()) for name, value in names.items()]
        super().__init__(application, "/", headers=raw)
        self.scope["client"] = ("192.0.2.1", 50000)
        self.token, self.conversation_id = token, None

    async def command(self, command, **fields):
        """Send a command, with what each must have unless it is given here."""
        known = {"authToken": self.token}
        if self.conversation_id:
            known["conversationId"] = self.conversation_id
        await self.send_json_to({"command": command, **known, **fields})

    async def frame(self, seconds=5):
        return await self.receive_json_from(timeout=seconds)

    async def ask(self, command, **fields):
        await self.command(command, **fields)
        return await self.frame()

    async def initialize(self, **fields):
        frame = await self.ask("initialize", **fields)
        assert frame.get("command") == "initialize", frame
        self.conversation_id = frame["conversationId"]
        return frame

    async def write(self, message, **fields):
        """Send a message and wait until it is stored."""
        await self.command("message", message=message, **fields)
        stored = await self.ask("isActive")
        assert stored.get("command") == "isActive", stored

    async def close_code(self, seconds=5):
        return (await self.receive_output(seconds))["code"]

    async def is_silent(self, seconds=0.3):
        return await self.receive_nothing(timeout=seconds, interval=0.05)


@asynccontextmanager
async def connected(token="", **headers):
    """A socket that was greeted and has said nothing yet."""
    socket = Socket(token, **headers)
    assert (await socket.connect())[0]
    assert (await socket.frame())["command"] == "connected"
    try:
        yield socket
    finally:
        await socket.disconnect()


@asynccontextmanager
async def talking(shop, *, token="", **fields):
    """A socket with a conversation, in a process that hears at once what happens in it."""
    token = token or await run_in_db_thread(api_token, shop)
    async with connected(token) as socket:
        socket.first = await socket.initialize(**fields)
        async with asyncio.timeout(5):
            while shop.tenant.id not in hub()._joined:  # noqa: ASYNC110 -- a poll is plain enough
                await asyncio.sleep(0.01)
        yield socket


def answer(shop, text="Yes.", *, effects=turns.NOTHING_ELSE, **fields):
    """Answer the newest question as a worker would."""
    with shop.scope():
        turn = Turn.objects.latest("created_at")
    held = turns.claim(shop.tenant.id, turn.id)
    reply = Reply(text=text, **fields)
    assert answers.commit(held, reply, usage=Usage(), effects=effects)
