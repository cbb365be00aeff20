"""What is heard while a socket is at something else is told in its place, and once."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateways.blackbox import entrance
from realtime.feeds import hub
from tenants.executor import run_in_db_thread
from tests.gateways.blackbox.places import AT, Place
from tests.gateways.blackbox.test_bad_input import in_process


@pytest.fixture
async def place(acme):
    yield await run_in_db_thread(Place, acme, "http://unused")
    await hub().close()


@asynccontextmanager
async def chat(place, **request):
    socket = await in_process(place)
    request = {"callType": "chat", **request}
    await socket.send_json_to({"type": "initialize", "timestamp": AT, "request": request})
    socket.begun = (await socket.receive_json_from(5))["data"]
    assert (await socket.receive_json_from(5))["name"] == "opened"
    yield socket
    await socket.disconnect()


async def say(socket, text):
    await socket.send_json_to({"type": "incomingChatMessage", "timestamp": AT, "content": text})
    return await texts(socket, 1)


async def texts(socket, count):
    frames = [await socket.receive_json_from(5) for _ in range(count)]
    return [frame["content"]["text"] for frame in frames]


def meanwhile(monkeypatch, name, before=lambda talk: None):
    """Have the socket hear everything there is before a function of the entrance returns."""
    loop, function = asyncio.get_running_loop(), getattr(entrance, name)

    def changed(talk, *args):
        before(talk)
        result = function(talk, *args)
        feed = hub_of_loop._feeds[talk.channel.feed]
        asyncio.run_coroutine_threadsafe(feed.catch_up(), loop).result(5)
        return result

    hub_of_loop = hub()
    monkeypatch.setattr(entrance, name, changed)


async def test_a_message_that_comes_while_history_is_read_is_told_once(place, monkeypatch):
    async with chat(place) as socket:
        assert await say(socket, "First.") == ["First."]
        record = socket.begun
    meanwhile(monkeypatch, "history", lambda talk: place.reply(talk.record_id, "Between."))

    request = {"recordId": record["recordId"], "sessionSecret": record["sessionSecret"]}
    async with chat(place, **request) as again:
        assert await texts(again, 2) == ["First.", "Between."]
        assert await say(again, "Last.") == ["Last."]


async def test_the_line_that_tells_of_ones_own_ending_is_not_told(place, monkeypatch):
    async with chat(place) as socket:
        await say(socket, "First.")
        meanwhile(monkeypatch, "end")
        await socket.send_json_to({"type": "terminate", "timestamp": AT})

        assert (await socket.receive_json_from(5))["type"] == "conversationResult"
        assert (await socket.receive_json_from(5))["name"] == "closed"
        assert (await socket.receive_output(5))["code"] == 1000
