"""What is heard while a socket is at something else is told in its place, and once."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from functools import partial

import pytest

from conversations import engine
from conversations.models import Conversation
from gateways.blackbox import door
from gateways.blackbox.door import Call
from realtime.feeds import hub
from realtime.log import encode
from tenants.executor import run_in_db_thread
from tests.conversations.calling import make_tool, rescript, work
from tests.gateways.blackbox.places import AT, Place
from tests.gateways.blackbox.test_bad_input import in_process


@pytest.fixture
async def place(acme):
    yield await run_in_db_thread(Place, acme, "http://unused")
    await hub().close()


@asynccontextmanager
async def chat(place, *, dev=False, **request):
    socket = await in_process(place, dev=dev)
    request = {"callType": "chat", **request}
    await socket.send_json_to({"type": "initialize", "timestamp": AT, "request": request})
    socket.begun = (await socket.receive_json_from(5))["data"]
    assert (await socket.receive_json_from(5))["name"] == "opened"
    yield socket
    await socket.disconnect()


async def send(socket, text):
    await socket.send_json_to({"type": "incomingChatMessage", "timestamp": AT, "content": text})


async def say(socket, text):
    await send(socket, text)
    return await texts(socket, 1)


async def texts(socket, count):
    frames = [await socket.receive_json_from(5) for _ in range(count)]
    return [frame["content"]["text"] for frame in frames]


def meanwhile(monkeypatch, name, before=None, after=None):
    """Have the socket hear everything there is before a function of the door returns."""
    loop, function, hub_of_loop = asyncio.get_running_loop(), getattr(door, name), hub()

    def changed(*args):
        if before is not None:
            before()
        result = function(*args)
        if after is not None:
            after()
        for feed in [*hub_of_loop._feeds.values()]:
            asyncio.run_coroutine_threadsafe(feed.catch_up(), loop).result(5)
        return result

    monkeypatch.setattr(door, name, changed)


@pytest.fixture(params=["before", "after"])
def either_side(request, monkeypatch):
    """Have something happen just before or just after a client joins its conversation."""
    return lambda act: meanwhile(monkeypatch, "join", **{request.param: act})


async def come_back(place, socket):
    names = ("recordId", "sessionSecret")
    return chat(place, **{name: socket.begun[name] for name in names})


async def test_what_is_said_beside_joining_is_told_once(place, either_side):
    async with chat(place) as socket:
        assert await say(socket, "First.") == ["First."]
        record_id = socket.begun["recordId"]
    either_side(partial(place.reply, record_id, "Between."))

    async with await come_back(place, socket) as again:
        told = await texts(again, 2)
        if told[-1] != "Between.":
            told += await texts(again, 1)
        assert [text for text in told if "joined" not in text] == ["First.", "Between."]
        assert await say(again, "Last.") == ["Last."]


async def test_a_conversation_that_is_closed_beside_joining_it_ends(place, monkeypatch):
    async with chat(place) as socket:
        await say(socket, "First.")
        close = partial(place.do, engine.close, socket.begun["recordId"], by="Kim")
    meanwhile(monkeypatch, "join", after=close)

    async with await come_back(place, socket) as again:
        assert await texts(again, 2) == ["First.", "Kim closed the conversation."]
        await ended(again)


async def test_a_tool_that_is_wanted_beside_joining_is_asked_for_once(place, either_side):
    tool = await run_in_db_thread(make_show, place)
    async with chat(place) as socket:
        await say(socket, "Show me a lamp.")
    either_side(partial(work, place.tenant))

    async with await come_back(place, socket) as again:
        await texts(again, 1)
        request = await again.receive_json_from(5)
        assert request["content"]["toolName"] == tool.name
        assert await again.receive_nothing(0.3)


def make_show(place):
    place.change(browser_tools=["show"])
    tool = make_tool(place.tenant, "show", place="client", url="")
    rescript(place.assistant, [["show", {"item": "lamp"}]], tool)
    return tool


async def test_the_line_that_tells_of_ones_own_ending_is_not_told(place, monkeypatch):
    async with chat(place) as socket:
        await say(socket, "First.")
        meanwhile(monkeypatch, "end")
        await socket.send_json_to({"type": "terminate", "timestamp": AT})

        await ended(socket)


async def test_a_message_that_opens_what_was_just_closed_is_no_end(place, monkeypatch):
    async with chat(place) as socket:
        await say(socket, "First.")
        close = partial(place.do, engine.close, socket.begun["recordId"], by="Kim")
        with monkeypatch.context() as patch:
            meanwhile(patch, "receive", before=close)
            assert await say(socket, "Second.") == ["Kim closed the conversation."]
        assert await texts(socket, 1) == ["Second."]
        assert await say(socket, "Third.") == ["Third."]


async def test_a_closing_that_is_heard_late_is_no_end(place):
    async with chat(place) as socket:
        await say(socket, "First.")
        closed = {"type": "conversation:updated", "data": {"owner": "closed"}}
        (feed,) = hub()._feeds.values()
        feed.send(encode(closed))

        assert await say(socket, "Second.") == ["Second."]


async def test_a_message_waits_until_it_is_decided_whether_this_is_the_end(place, monkeypatch):
    def slowly(joined, look=door.ending_of):
        ending = look(joined)
        is_decided.wait(5)
        return ending

    is_decided = threading.Event()
    async with chat(place) as socket:
        await say(socket, "First.")
        monkeypatch.setattr(door, "ending_of", slowly)
        await run_in_db_thread(place.do, engine.close, socket.begun["recordId"], by="Kim")
        assert await texts(socket, 1) == ["Kim closed the conversation."]
        await send(socket, "Too late.")
        is_decided.set()
        await ended(socket)

    said = await run_in_db_thread(place.texts, socket.begun["recordId"])
    assert ("visitor", "Too late.") not in said


async def test_a_conversation_that_was_forgotten_ends_with_an_error(place):
    async with chat(place) as socket:
        await run_in_db_thread(forget, place, socket.begun["recordId"])
        await socket.send_json_to({"type": "terminate", "timestamp": AT})

        error = await socket.receive_json_from(5)
        assert error["data"]["message"] == "Conversation not found."
        assert (await socket.receive_output(5))["code"] == 4404


def forget(place, record_id):
    with place.scope():
        Conversation.objects.filter(pk=record_id).delete()


async def test_what_a_tool_did_is_told_before_the_answer_that_it_led_to(place, monkeypatch):
    """Looking a call up takes its time; the answer, which ends the conversation, waits for it."""
    monkeypatch.setattr(door, "call_of", lambda *args: time.sleep(0.1) or Call({}, "Done."))
    async with chat(place, dev=True) as socket:
        await say(socket, "First.")
        (feed,) = hub()._feeds.values()
        for status in ("started", "done"):
            data = {"id": "call", "name": "look", "status": status}
            feed.send(encode({"type": "tool:call", "data": data}))
        await run_in_db_thread(place.reply, socket.begun["recordId"], "So it is.")
        await run_in_db_thread(place.do, engine.close, socket.begun["recordId"])

        frames = [await socket.receive_json_from(5) for _ in range(5)]
        assert [frame["type"] for frame in frames[:2]] == ["toolCall", "toolCallResult"]
        assert [frame["type"] for frame in frames[2:]] == ["text"] * 3
        await ended(socket)


async def ended(socket):
    assert (await socket.receive_json_from(5))["type"] == "conversationResult"
    assert (await socket.receive_json_from(5))["name"] == "closed"
    assert (await socket.receive_output(5))["code"] == 1000
