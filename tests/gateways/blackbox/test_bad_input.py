"""Whatever is sent, the client hears the protocol's own error, and nothing is half-written."""

import asyncio
import json

import pytest
from channels.testing import WebsocketCommunicator

from gateways.blackbox.socket import WebCallSocket
from livechat.asgi import application
from tests.bad_input.corpus import MALFORMED
from tests.gateways.blackbox.places import AT, Place
from tests.isolation.rows import fingerprint
from tests.leaks import leaks

NOT_TEXT = [None, 5, 1.5, True, [], {}, ["x"]]
OK = {
    "incomingChatMessage": {"content": "Hello"},
    "websocketToolResponse": {"content": {"id": "call", "result": 1}},
    "sdpAnswer": {"data": {"sdpAnswer": "v=0"}},
    "terminate": {},
}


@pytest.fixture
def place(acme, live_server_url):
    return Place(acme, live_server_url)


@pytest.fixture(autouse=True)
def _rival_loses_nothing(globex):
    Place(globex, "http://unused")
    before = fingerprint(globex.id)
    yield
    assert fingerprint(globex.id) == before


def no_leak(text):
    assert not leaks(text), text
    return text


@pytest.mark.parametrize("opened", [False, True])
def test_what_is_no_json_object_ends_the_socket_before_and_after_its_beginning(place, opened):
    endings = set()
    # Every sixth, with a large one: that all of them are is tested with all doors.
    some = [*MALFORMED[::6], b"[" * 100_000]
    for body in some:
        with place.chat() if opened else place.socket() as client:
            client.ws.send(body, text=True)
            text, code = client.refused()
        endings.add((no_leak(text), code))

    assert endings == {("Malformed message", 1007), ("Too large message", 4413)}
    begun = len(some) if opened else 0
    assert place.stored() == [begun, begun, 0]


def test_a_binary_frame_is_malformed(place):
    for opened in (False, True):
        with place.chat() if opened else place.socket() as client:
            client.ws.send(json.dumps({"type": "terminate"}).encode())
            assert client.refused() == ("Malformed message", 1007)


ILL = [
    {"type": 5},
    {"type": None},
    {},
    *({"type": "incomingChatMessage", "content": value} for value in NOT_TEXT),
    *({"type": "websocketToolResponse", "content": value} for value in (*NOT_TEXT, "x")),
    {"type": "websocketToolResponse"},
    *({"type": kind, "timestamp": 5, **fields} for kind, fields in OK.items()),
    *({"type": kind, "channelId": 5, **fields} for kind, fields in OK.items()),
    *({"type": kind, "channelId": "x" * 201, **fields} for kind, fields in OK.items()),
]


def test_a_frame_that_is_none_of_the_protocols_ends_the_socket(place):
    for frame in ILL:
        with place.chat() as client:
            client.ws.send(json.dumps(frame))
            text, code = client.refused()

        assert (no_leak(text).split(":")[0], code) == ("Malformed message", 1007), frame
    assert place.stored()[2] == 0


def test_a_type_that_is_not_known_is_told_and_the_conversation_goes_on(place):
    with place.chat() as client:
        client.send("ping")
        assert client.next()["data"]["message"] == "Unknown type of message"
        client.send("incomingChatMessage", content="Hello?")
        assert client.next()["content"]["text"] == "Hello?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "A message needs text or a file."),
        (" \n\t", "A message needs text or a file."),
        ("x" * 8001, "A message has at most 8000 characters."),
    ],
)
def test_a_text_that_cannot_be_stored_is_refused_and_the_socket_stays(place, text, message):
    with place.chat() as client:
        client.say(text)
        assert client.error() == message
        client.say("Hello?")
        assert client.until("text")["content"]["text"] == "Hello?"

    assert place.texts(client.record_id) == [("visitor", "Hello?")]


@pytest.mark.parametrize(
    "request_",
    [
        {"callType": 5},
        {"callType": "fax"},
        {"additionalData": []},
        {"recordId": 5},
        {"sessionSecret": {}},
        {"agentId": True},
    ],
)
def test_a_beginning_that_is_malformed_begins_nothing(place, request_):
    before = place.stored()
    with place.socket() as client:
        client.initialize(**request_)
        text, code = client.refused()

    assert (no_leak(text).split(":")[0], code) == ("Malformed message", 1007)
    assert place.stored() == before


def test_too_many_variables_begin_nothing(place):
    before = place.stored()
    with place.socket() as client:
        client.initialize(additionalData={str(number): 1 for number in range(101)})
        assert client.refused() == ("Too many variables.", 4400)
    assert place.stored() == before


def test_frames_are_bounded_before_and_after_the_beginning(place):
    with place.socket() as client:
        client.initialize(additionalData={"a": "x" * 9_000})
        assert client.refused() == ("Too large message", 4413)
    with place.chat() as client:
        client.say("ä" * 40_000)
        assert client.refused() == ("Too large message", 4413)
    assert place.texts(client.record_id) == []


def test_too_many_frames_end_the_socket(place):
    with place.chat() as client:
        for _ in range(70):
            client.send("sdpAnswer")
        frames, code = client.end()

    assert code == 4429
    assert frames[-1]["data"]["message"] == "Too many frames; try again later."


async def test_without_a_beginning_a_socket_is_closed_after_a_while(acme, monkeypatch):
    monkeypatch.setattr(WebCallSocket, "auth_deadline", 0.05)
    place = await asyncio.to_thread(Place, acme, "http://unused")

    socket = await in_process(place)

    assert (await socket.receive_json_from(2))["data"]["message"] == "Init message not received"
    assert (await socket.receive_output(2))["code"] == 4401
    await socket.disconnect()


async def test_a_server_that_cannot_send_1007_sends_4007(acme):
    place = await asyncio.to_thread(Place, acme, "http://unused")

    socket = await in_process(place)
    await socket.send_json_to({"type": None, "timestamp": AT})

    assert (await socket.receive_json_from(2))["data"]["message"].startswith("Malformed message")
    assert (await socket.receive_output(2))["code"] == 4007
    await socket.disconnect()


async def in_process(place, *, dev=False):
    """A socket of another server than ours, which offers nothing but the standard."""
    path = f"dev?authorization={place.key}" if dev else f"webCall?token={place.token}"
    path = f"/api/v1/ws/{path}"
    socket = WebsocketCommunicator(application, path, headers=[(b"host", b"testserver")])
    socket.scope["client"] = ("192.0.2.1", 50000)
    assert (await socket.connect())[0]
    return socket
