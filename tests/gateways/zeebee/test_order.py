"""In which order things are heard, and what is heard when nobody answers."""

import asyncio
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
    assert error == {"type": "error", "message": codec.NO_ANSWER}


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

    assert [frame.get("conversation_id") for frame in heard] == [ids[1], ids[2], None, ids[3]]
    assert heard[2] == {"type": "error", "message": codec.NO_ANSWER}


async def test_a_guest_is_of_the_hosts_tenant(place):
    async with connected(host=f"{place.tenant.slug}.chat.example:443") as socket:
        ack = await exchange(socket, type="init", user_id="kim")

    assert (ack["type"], ack["user_id"]) == ("init_ack", "kim")


async def test_the_status_comes_before_an_answer_that_was_faster():
    """Events may be heard before the thread that stored their cause has come back."""
    socket, said = ZeebeeSocket(), []
    socket.deliver = said.append
    conversation_id = uuid4()
    followed = Followed(Channel(uuid4(), conversation_id), "bot", socket._hear)
    socket._followed[conversation_id] = followed
    answer = {
        "id": "m2",
        "seq": 2,
        "conversationId": str(conversation_id),
        "author": {"kind": "assistant", "id": "a1", "name": "Ada"},
        "text": "At nine.",
        "attachments": [],
        "sources": [],
        "choices": [],
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    loop = asyncio.get_running_loop()
    heard = encode({"type": "message:new", "data": answer, "id": 2})

    def store():
        loop.call_soon_threadsafe(followed.hear, heard)
        return Received(conversation_id, uuid4(), seq=1, is_repeat=False)

    await socket.ask(store)

    assert said == [
        encode(codec.processing(str(conversation_id))),
        encode(codec.response(answer)),
    ]
    assert socket._requests == []


async def test_who_has_begun_may_take_time(place, monkeypatch):
    monkeypatch.setattr(ZeebeeSocket, "auth_deadline", 0.3)
    async with connected(host="localhost") as socket:
        await exchange(socket, type="init", api_key=place.key)
        await asyncio.sleep(0.35)
        answer = await exchange(socket, type="ping")

    assert answer["type"] == "pong"
