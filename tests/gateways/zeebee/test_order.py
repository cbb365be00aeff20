"""In which order things are heard, and what is heard when nobody answers."""

import asyncio
import json
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from channels.testing import WebsocketCommunicator

from conversations.engine import Received
from gateways.socket import Followed
from gateways.zeebee import codec
from gateways.zeebee.socket import ZeebeeSocket
from livechat.asgi import application
from realtime.feeds import hub
from realtime.log import Channel, encode
from tenants.executor import run_in_db_thread
from tests.factories import make_tenant
from tests.gateways.zeebee.chats import QUESTION, Place


@pytest.fixture
def place():
    """A tenant whose assistant no worker of this test answers for."""
    return Place(make_tenant("Acme", guests_allowed=True), "http://unused")


@asynccontextmanager
async def connected(**headers):
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    socket = WebsocketCommunicator(application, "/ws", headers=raw)
    socket.scope["client"] = ("192.0.2.1", 50000)
    assert (await socket.connect())[0]
    await socket.receive_json_from(timeout=5)
    try:
        yield socket
    finally:
        await socket.disconnect()
        await hub().close()


async def exchange(socket, **frame):
    await socket.send_json_to(frame)
    return await socket.receive_json_from(timeout=5)


async def test_an_answer_that_does_not_come_is_an_error(place, monkeypatch):
    monkeypatch.setattr(ZeebeeSocket, "answer_seconds", 0.2)
    async with connected(host="localhost") as socket:
        await exchange(socket, type="init", api_key=place.key)
        status = await exchange(socket, type="message", message=QUESTION)
        error = await socket.receive_json_from(timeout=5)

    assert status["status"] == "processing"
    assert error == codec.no_answer(status["conversation_id"])


async def test_for_one_conversation_more_the_one_least_needed_is_left(place, monkeypatch):
    monkeypatch.setattr(ZeebeeSocket, "conversations_at_once", 2)
    init = {"type": "init", "api_key": place.key, "user_id": "kim"}
    say = {"type": "message", "message": QUESTION}
    async with connected(host="localhost") as socket:
        ids = []
        for _ in range(4):
            await exchange(socket, **init)
            ids.append((await exchange(socket, **say))["conversation_id"])
        # In this one nothing is awaited any more, in the next one it is.
        await exchange(socket, **init, conversation_id=ids[0])
        heard = [await exchange(socket, **say, conversation_id=where) for where in ids[1:]]
        heard.append(await socket.receive_json_from(timeout=5))

    assert [frame["conversation_id"] for frame in heard] == [ids[1], ids[2], ids[1], ids[3]]
    assert heard[2] == codec.no_answer(ids[1])


@pytest.mark.parametrize(
    ("init", "message", "expected"),
    [({}, {}, False), ({"model": "two"}, {}, True), ({"model": "two"}, {"model": "one"}, False)]
    + [({"model": ["two"]}, {"model": model}, False) for model in ("gpt-4o", 7, None, {})],
)
async def test_a_model_is_asked_first_if_it_is_the_assistants(init, message, expected):
    models = {"engine": "model", "model": "one", "fallback_model": "two"}
    place = await run_in_db_thread(lambda: Place(make_tenant("Acme"), "http://unused", **models))
    async with connected(host="localhost") as socket:
        await exchange(socket, type="init", api_key=place.key, **init)
        status = await exchange(socket, type="message", message=QUESTION, **message)

    assert status["status"] == "processing"
    assert await run_in_db_thread(place.prefers_fallback) == expected


async def test_a_guest_is_of_the_hosts_tenant(place, settings):
    settings.PUBLIC_URL = "https://chat.example"
    async with connected(host=f"{place.tenant.slug}.chat.example:443") as socket:
        ack = await exchange(socket, type="init", user_id="kim")

    assert (ack["type"], ack["user_id"]) == ("init_ack", "kim")


async def test_an_answer_that_is_faster_than_its_thread_is_heard_in_its_place():
    """Events may be heard before the thread that stored their cause has come back."""
    dialogue = Dialogue()
    await dialogue.ask(
        dialogue.message("visitor", QUESTION, seq=1),
        dialogue.message("assistant", "At nine.", seq=2),
    )

    assert dialogue.said() == [("status", "processing"), ("response", "At nine.")]
    assert dialogue.socket._requests == []


async def test_a_message_beside_a_take_over_is_told_once_who_answers():
    dialogue = Dialogue()
    await dialogue.ask(
        dialogue.message("system", "Kim joined the conversation.", seq=1),
        dialogue.updated("human"),
        dialogue.message("visitor", QUESTION, seq=2),
        seq=2,
    )

    assert dialogue.said() == [("status", "agent"), ("status", "agent")]


class Dialogue:
    """A socket that hears events while it stores a message."""

    def __init__(self):
        self.id = uuid4()
        self.socket, self.frames = ZeebeeSocket(), []
        self.socket.deliver = self.frames.append
        self.followed = Followed(Channel(uuid4(), self.id), "bot", self.socket._hear)
        self.socket._followed[self.id] = self.followed

    async def ask(self, *events, seq=1):
        loop = asyncio.get_running_loop()

        def store():
            for event in events:
                loop.call_soon_threadsafe(self.followed.hear, encode(event))
            return Received(self.id, uuid4(), seq=seq, is_repeat=False)

        await self.socket.ask(store)

    def message(self, kind, text, *, seq):
        data = {
            "id": f"m{seq}",
            "seq": seq,
            "conversationId": str(self.id),
            "author": {"kind": kind, "id": "a1", "name": "Ada"},
            "text": text,
            "attachments": [],
            "sources": [],
            "choices": [],
            "createdAt": "2026-01-01T00:00:00.000Z",
        }
        return {"type": "message:new", "data": data}

    def updated(self, owner):
        return {"type": "conversation:updated", "data": {"owner": owner}}

    def said(self):
        frames = [json.loads(text) for text in self.frames]
        return [(frame["type"], frame.get("status") or frame["text"]) for frame in frames]


async def test_who_has_begun_may_take_time(place, monkeypatch):
    monkeypatch.setattr(ZeebeeSocket, "auth_deadline", 0.3)
    async with connected(host="localhost") as socket:
        await exchange(socket, type="init", api_key=place.key)
        await asyncio.sleep(0.35)
        answer = await exchange(socket, type="ping")

    assert answer["type"] == "pong"
