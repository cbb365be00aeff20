import asyncio
import json
import logging

import pytest
from channels.testing import WebsocketCommunicator
from django.db import OperationalError

from realtime import consumer as consumer_module
from realtime import lobby as lobby_module
from realtime.consumer import SocketConsumer
from tenants.errors import BadRequest, Forbidden, NotFound, TooManyRequests, Unauthorized
from tests.figures import figure

MALFORMED = {
    "type": "error",
    "code": "malformed_frame",
    "message": "The frame is not a JSON object in a text frame.",
}


class Socket(SocketConsumer):
    """Remembers what happens to it."""

    def __init__(self):
        super().__init__()
        self.disconnects = []

    async def authenticate(self, frame):
        refusal = {
            "forbidden": Forbidden(),
            "unknown": NotFound(),
            "often": TooManyRequests(retry_after=7),
            "wrong": BadRequest(code="invalid_token"),
        }.get(frame.get("token"))
        if refusal:
            raise refusal
        if frame.get("token") != "good":
            raise Unauthorized("The token is not good.", code="bad_token")

    async def welcome(self, frame):
        await self.send_frame({"type": "auth:ok"})

    async def on_frame(self, frame):
        match frame["type"]:
            case "refuse":
                raise BadRequest("No.", code="refused")
            case "crash":
                raise RuntimeError("crashed on purpose")
            case "outage":
                raise OperationalError("no database on purpose")
            case "spawn":
                self.spawn(self.fail("internal", 4500))
            case _:
                await self.send_frame(frame)

    async def disconnect(self, code):
        self.disconnects.append(code)


class Pipe:
    """Stands where our server's connection object would be."""

    def __init__(self):
        self.waiting = 0
        self.written = []
        self.limits = []
        self.aborted = False

    def buffered(self):
        return self.waiting

    def abort(self):
        self.aborted = True

    def write_text(self, text):
        self.written.append(text)

    def limit_frames(self, size):
        self.limits.append(size)

    def use_last_words(self, words):
        self.last_words = words


class Client(WebsocketCommunicator):
    """One socket from its client's end."""

    def __init__(self, consumer, *, pipe=None, ip="192.0.2.1"):
        async def app(scope, receive, send):
            await consumer(scope, receive, send)

        super().__init__(app, "/socket")
        self.scope["client"] = (ip, 50000)
        self.scope["extensions"] = {"livechat.transport": pipe} if pipe else {}

    async def error_and_close(self):
        error = await self.receive_json_from()
        assert error["type"] == "error"
        closing = await self.receive_output()
        assert closing["type"] == "websocket.close"
        return error["code"], closing["code"]


async def opened(consumer=None, *, pipe=None, authenticate=True):
    client = Client(consumer or Socket(), pipe=pipe)
    assert (await client.connect())[0]
    if authenticate:
        await client.send_json_to({"type": "auth", "token": "good"})
        assert await client.receive_json_from() == {"type": "auth:ok"}
    return client


async def test_frames_reach_the_handler_and_pings_do_not():
    client = await opened()

    await client.send_json_to({"type": "hello", "text": "ä"})
    await client.send_json_to({"type": "ping"})

    assert await client.receive_json_from() == {"type": "hello", "text": "ä"}
    assert await client.receive_json_from() == {"type": "pong"}
    await client.disconnect()


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"type": "auth"}, ("bad_token", 4401)),
        ({"type": "auth", "token": "wrong"}, ("invalid_token", 4401)),
        ({"type": "auth", "token": "forbidden"}, ("forbidden", 4403)),
        ({"type": "auth", "token": "unknown"}, ("not_found", 4404)),
        ({"type": "auth", "token": "often"}, ("rate_limited", 4429)),
        ({"type": "message", "token": "good"}, ("unauthorized", 4401)),
        ({"type": "ping"}, ("unauthorized", 4401)),
        ({}, ("unauthorized", 4401)),
    ],
)
async def test_a_first_frame_that_is_no_good_credential_closes_the_socket(frame, expected):
    socket = Socket()
    client = await opened(socket, authenticate=False)

    await client.send_json_to(frame)

    assert await client.error_and_close() == expected
    await client.wait()
    assert socket.disconnects == [expected[1]]


async def test_a_refusal_tells_when_to_come_back():
    client = await opened(authenticate=False)

    await client.send_json_to({"type": "auth", "token": "often"})

    assert (await client.receive_json_from())["retryAfter"] == 7
    await client.disconnect()


async def test_silence_before_authentication_closes_the_socket():
    socket = Socket()
    socket.auth_deadline = 0.05
    client = await opened(socket, authenticate=False)

    assert await client.error_and_close() == ("auth_timeout", 4401)

    await client.disconnect()
    assert socket.disconnects == [4401]


async def test_an_authenticated_socket_may_be_silent():
    socket = Socket()
    socket.auth_deadline = 0.05
    client = await opened(socket)

    assert await client.receive_nothing(timeout=0.2)

    await client.disconnect()
    assert socket.disconnects == [1000]


@pytest.mark.parametrize("authenticate", [True, False])
@pytest.mark.parametrize(
    "frame",
    [
        {"bytes_data": b'{"type":"ping"}'},
        {"text_data": "{"},
        {"text_data": "[]"},
        {"text_data": "null"},
        {"text_data": '{"type":"x","type":"y"}'},
        {"text_data": '{"type":"\\u0000"}'},
        {"text_data": '{"a":' * 33 + "1" + "}" * 33},
        {"text_data": '{"type":NaN}'},
    ],
)
async def test_a_malformed_frame_gets_an_error_and_the_socket_stays_open(frame, authenticate):
    client = await opened(authenticate=authenticate)

    await client.send_to(**frame)

    assert await client.receive_json_from() == MALFORMED
    assert await client.receive_nothing()
    await client.disconnect()


async def test_the_sixth_malformed_frame_within_a_minute_closes_the_socket():
    client = await opened()

    for _ in range(6):
        await client.send_to(text_data="{")

    for _ in range(5):
        assert await client.receive_json_from() == MALFORMED
    assert await client.error_and_close() == ("malformed_frame", 4400)


async def test_malformed_frames_are_forgotten_after_a_while(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(consumer_module.time, "monotonic", lambda: clock[0])
    client = await opened()

    for _ in range(3):
        clock[0] += 60
        for _ in range(5):
            await client.send_to(text_data="{")
            assert await client.receive_json_from() == MALFORMED

    await client.disconnect()


@pytest.mark.parametrize(
    ("authenticate", "limit"), [(False, 8 * 1024), (True, 64 * 1024)], ids=["before", "after"]
)
@pytest.mark.parametrize("letter", ["x", "ä"])
async def test_a_frame_may_be_as_large_as_its_limit_in_bytes(authenticate, limit, letter):
    client = await opened(authenticate=authenticate)
    padding = limit - len('{"type":"auth","token":"good","x":""}')
    text = letter * (padding // len(letter.encode()))
    frame = json.dumps(
        {"type": "auth", "token": "good", "x": text}, ensure_ascii=False, separators=(",", ":")
    )

    await client.send_to(text_data=frame)
    assert (await client.receive_json_from())["type"] in ("auth:ok", "auth")
    await client.send_to(text_data="x" * (limit + 1) if authenticate else "x" * (64 * 1024 + 1))

    assert await client.error_and_close() == ("too_large", 4413)


async def test_a_large_frame_before_authentication_closes_the_socket():
    client = await opened(authenticate=False)

    await client.send_to(text_data="ä" * 4097)

    assert await client.error_and_close() == ("too_large", 4413)


async def test_too_many_frames_close_the_socket():
    client = await opened()

    for _ in range(61):
        await client.send_json_to({"type": "ping"})

    for _ in range(60):
        assert await client.receive_json_from() == {"type": "pong"}
    error = await client.receive_json_from()
    assert error["code"] == "rate_limited"
    assert 1 <= error["retryAfter"] <= 10
    assert (await client.receive_output())["code"] == 4429


async def test_an_error_of_ours_is_told_and_the_socket_stays_open():
    client = await opened()

    await client.send_json_to({"type": "refuse"})
    await client.send_json_to({"type": "ping"})

    expected = {"type": "error", "code": "refused", "message": "No."}
    assert await client.receive_json_from() == expected
    assert await client.receive_json_from() == {"type": "pong"}
    await client.disconnect()


async def test_an_unforeseen_error_is_logged_and_closes_the_socket_without_details(caplog):
    socket = Socket()
    client = await opened(socket)

    await client.send_json_to({"type": "crash"})

    assert await client.error_and_close() == ("internal", 4500)
    await client.wait()
    assert "crashed on purpose" in caplog.text
    assert socket.disconnects == [4500]


async def test_a_database_that_fails_closes_the_socket_for_its_client_to_come_back(caplog):
    client = await opened()

    await client.send_json_to({"type": "outage"})

    error = await client.receive_json_from()
    assert (error["code"], error["retryAfter"]) == ("unavailable", 2)
    assert (await client.receive_output())["code"] == 4503
    assert "Traceback" not in caplog.text


async def test_work_beside_the_frames_may_close_the_socket_and_ends_with_it():
    socket = Socket()
    client = await opened(socket)
    outlived = asyncio.Event()

    async def work():
        await asyncio.sleep(0.05)
        outlived.set()

    socket.spawn(work())
    await client.send_json_to({"type": "spawn"})
    assert await client.error_and_close() == ("internal", 4500)
    await client.disconnect()

    await asyncio.sleep(0.1)
    assert not outlived.is_set()
    assert socket.disconnects == [4500]


async def test_only_the_first_failure_is_told():
    socket = Socket()
    client = await opened(socket)

    await socket.fail("draining", 4503)
    await socket.fail("internal", 4500)
    await socket.send_frame({"type": "late"})
    socket.deliver("late")

    assert await client.error_and_close() == ("draining", 4503)
    assert await client.receive_nothing()
    await client.disconnect()
    assert socket.disconnects == [4503]


async def test_draining_is_told():
    client = await opened()

    await client.send_input({"type": "livechat.drain"})

    assert await client.error_and_close() == ("draining", 4503)


async def test_an_error_in_cleaning_up_is_logged(caplog):
    class Clumsy(Socket):
        async def disconnect(self, code):
            raise RuntimeError("stumbled")

    client = await opened(Clumsy())
    await client.disconnect()

    assert "stumbled" in caplog.text


async def test_closing_is_logged_without_anything_that_was_said(caplog):
    caplog.set_level(logging.INFO, "realtime.consumer")
    client = await opened()
    await client.send_json_to({"type": "private words"})
    await client.receive_json_from()
    await client.disconnect()

    assert "Socket /socket closed with 1000 after 0." in caplog.text
    assert "private words" not in caplog.text


async def test_a_peer_that_is_gone_ends_the_socket_quietly(caplog):
    socket = Socket()

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        raise ConnectionResetError

    await socket({"type": "websocket", "path": "/", "headers": []}, receive, send)

    assert socket.closed
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_broadcasts_are_written_at_once():
    pipe, socket = Pipe(), Socket()
    client = await opened(socket, pipe=pipe)

    socket.deliver("one")
    socket.deliver("two")

    assert pipe.written == ["one", "two"]
    assert pipe.limits == [8 * 1024, 64 * 1024]
    await client.disconnect()


async def test_a_stalled_reader_is_cut_off_and_costs_nobody_time():
    pipe, socket = Pipe(), Socket()
    client = await opened(socket, pipe=pipe)

    pipe.waiting = 256 * 1024
    socket.deliver("still taken")
    pipe.waiting += 1
    socket.deliver("one too many")
    socket.deliver("too late")

    assert pipe.aborted
    assert pipe.written == ["still taken"]
    await client.disconnect()
    assert socket.disconnects == [4408]


async def test_broadcasts_work_on_servers_that_tell_nothing():
    socket = Socket()
    client = await opened(socket)

    socket.deliver("one")
    socket.deliver("two")

    assert [await client.receive_from(), await client.receive_from()] == ["one", "two"]
    await client.disconnect()


async def test_a_reader_that_takes_no_goodbye_is_cut_off(monkeypatch):
    monkeypatch.setattr(consumer_module, "GOODBYE_SECONDS", 0.05)
    pipe, socket = Pipe(), Socket()
    socket.transport, socket.scope = pipe, {}

    async def stalled(message):
        await asyncio.Event().wait()

    socket._send = stalled
    await socket.fail("draining", 4503)

    assert pipe.aborted


async def test_an_oversized_frame_that_the_server_stopped_reading_is_told():
    client = await opened(pipe=Pipe())

    await client.send_input({"type": "livechat.oversized"})

    assert await client.error_and_close() == ("too_large", 4413)


@pytest.fixture
def two_places(settings, monkeypatch):
    settings.UNAUTHENTICATED_SOCKETS_PER_IP = 2
    monkeypatch.setattr(lobby_module, "PATIENCE_SECONDS", 0.2)


async def test_an_address_with_many_silent_sockets_gets_no_more(two_places):
    silent = [await opened(authenticate=False) for _ in range(2)]
    third, elsewhere = Client(Socket()), Client(Socket(), ip="192.0.2.2")

    assert (await third.connect())[0]
    assert await third.error_and_close() == ("too_many_sockets", 4429)
    assert (await elsewhere.connect())[0]

    for client in [*silent, elsewhere]:
        await client.disconnect()
    assert consumer_module.lobby._rooms == {}


async def test_one_ipv6_network_counts_as_one_address(two_places):
    silent = [Client(Socket(), ip=f"2001:db8::{index}") for index in range(3)]

    assert (await silent[0].connect())[0]
    assert (await silent[1].connect())[0]
    assert (await silent[2].connect())[0]

    assert await silent[2].error_and_close() == ("too_many_sockets", 4429)
    for client in silent[:2]:
        await client.disconnect()


async def test_a_crowd_from_many_addresses_ends_at_its_deadline_and_leaves_nothing(
    two_places, settings
):
    class Impatient(Socket):
        auth_deadline = 0.3

    settings.TRUSTED_PROXY_COUNT = 1
    crowd = [Client(Impatient()) for _ in range(30)]
    for number, client in enumerate(crowd):
        client.scope["headers"] = [(b"x-forwarded-for", f"192.0.2.{number}".encode())]

    connected = [await client.connect() for client in crowd]
    endings = [await client.error_and_close() for client in crowd]
    for client in crowd:
        await client.disconnect()

    assert all(accepted for accepted, _ in connected)
    assert set(endings) == {("auth_timeout", 4401)}
    assert consumer_module.lobby._rooms == {}


async def test_sockets_queue_for_the_places_of_those_who_authenticate(two_places):
    silent = [await opened(authenticate=False) for _ in range(2)]
    third = Client(Socket())
    connecting = asyncio.create_task(third.connect())
    await asyncio.sleep(0.05)
    assert not connecting.done()

    await silent[0].send_json_to({"type": "auth", "token": "good"})

    assert (await connecting)[0]
    assert await third.receive_nothing()
    for client in [*silent, third]:
        await client.disconnect()


async def test_places_may_be_unlimited(settings):
    settings.UNAUTHENTICATED_SOCKETS_PER_IP = 0

    many = [await opened(authenticate=False) for _ in range(60)]

    for client in many:
        await client.disconnect()


async def test_a_socket_is_counted_as_long_as_it_lives_and_by_a_code_that_we_know():
    class Counted(Socket):
        protocol = "counted"

    def open_ones(authenticated):
        return figure("livechat_sockets", protocol="counted", authenticated=authenticated)

    client = await opened(Counted(), authenticate=False)
    silent = (open_ones("no"), open_ones("yes"))
    await client.send_json_to({"type": "auth", "token": "good"})
    await client.receive_json_from()
    heard = (open_ones("no"), open_ones("yes"))
    await client.disconnect(code=3999)
    await client.wait()

    assert (silent, heard) == ((1, 0), (0, 1))
    assert (open_ones("no"), open_ones("yes")) == (0, 0)
    assert figure("livechat_socket_closes_total", protocol="counted", code="other") == 1
