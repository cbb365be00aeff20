"""The real server in a process of its own, and real connections to it."""

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from itertools import pairwise
from types import SimpleNamespace

import httpx
import pytest
from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from livechat.protocols import STALLED_SECONDS, HttpProtocol
from livechat.server import _accept_all, make_server

TRACEBACK = "Traceback (most recent call last)"


class Served:
    """The small application of ``serving_app`` behind the server."""

    def __init__(self, folder, *, drain_seconds=2, patience=20):
        self.connections = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.output = folder / "server.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.livechat.serving_app"),
                    *map(str, (self.port, drain_seconds, patience)),
                ],
                cwd=settings.BASE_DIR,
                env={**os.environ, "UNAUTHENTICATED_SOCKETS_PER_IP": "0"},
                stdout=output,
                stderr=output,
            )
        self.wait_until_reachable()

    def wait_until_reachable(self):
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                self.raw().close()
                return
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def raw(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.connections.append(connection)
        return connection

    def raw_socket(self, path=b"/raw"):
        """A WebSocket connection whose frames are written by hand, already authenticated."""
        connection = self.raw()
        connection.sendall(
            b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert b" 101 " in read_until(connection, b"\r\n\r\n")
        connection.sendall(frame(Opcode.TEXT, b'{"type":"auth","token":"good"}'))
        assert b"auth:ok" in read_until(connection, b"}")
        return connection

    async def connect(self, *, authenticate=True, **options):
        client = await connect(f"ws://127.0.0.1:{self.port}/ws", max_size=None, **options)
        if authenticate:
            await client.send('{"type":"auth","token":"good"}')
            assert json.loads(await client.recv()) == {"type": "auth:ok"}
        return client

    async def is_well(self):
        """Whether the server still serves both kinds of connection."""
        async with await self.connect() as client, httpx.AsyncClient() as http:
            await client.send('{"type":"ping"}')
            pong = json.loads(await client.recv())
            answer = await http.get(f"http://127.0.0.1:{self.port}/x")
            return pong == {"type": "pong"} and answer.status_code == 200

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def log(self):
        return self.output.read_text()

    def hang_up(self):
        while self.connections:
            self.connections.pop().close()

    def stop(self):
        self.hang_up()
        self.process.kill()
        self.process.wait()


def frame(opcode, data, *, fin=True):
    return Frame(opcode, data, fin).serialize(mask=True)


def read_until(connection, mark):
    received = b""
    while mark not in received:
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    return received


def read_to_the_end(connection):
    """Everything until the peer closes, however it does."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


async def ending(client):
    """The last frame and the code that a socket was closed with."""
    last = None
    try:
        async with asyncio.timeout(15):
            while True:
                last = await client.recv()
    except ConnectionClosed as closed:
        return json.loads(last)["code"] if last else None, closed.rcvd and closed.rcvd.code


async def memory(client):
    await client.send('{"type":"memory"}')
    while True:
        message = json.loads(await client.recv())
        if message["type"] == "memory":
            return message["now"]


@pytest.fixture
def server(lasting):
    yield lasting
    lasting.hang_up()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("server"))
    yield server
    log = server.log()
    server.stop()
    assert TRACEBACK not in log
    assert "ERROR" not in log


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server that waits half a second for pongs and for headers."""
    server = Served(tmp_path_factory.mktemp("impatient"), patience=0.5)
    yield server
    server.stop()


@pytest.fixture
def mortal(request, tmp_path):
    """A server that the test ends; it drains for two seconds, or for as long as the test says."""
    server = Served(tmp_path, drain_seconds=getattr(request, "param", 2))
    yield server
    server.stop()
    assert TRACEBACK not in server.log()


async def test_frames_of_all_kinds_get_their_answer(server):
    async with await server.connect() as client:
        await client.send('{"type":"hello","text":"ä"}')
        assert json.loads(await client.recv()) == {"type": "hello", "text": "ä"}

        for data, as_text in ((b"\x00\x01", False), (b'{"type":"\xff"}', True), (b"{", True)):
            await client.send(data, text=as_text)
            assert json.loads(await client.recv())["code"] == "malformed_frame"

        await client.send('{"type":"refuse"}')
        assert json.loads(await client.recv())["code"] == "refused"
        assert client.protocol.extensions == []
        assert "server" not in client.response.headers


async def test_the_deadline_closes_a_silent_socket(server):
    started = time.monotonic()

    client = await server.connect(authenticate=False)

    assert await ending(client) == ("auth_timeout", 4401)
    assert 0.9 < time.monotonic() - started < 4


@pytest.mark.parametrize("size", [8 * 1024 + 1, 64 * 1024, 30_000_000])
async def test_a_frame_too_large_before_authentication_is_told_and_ends_the_socket(server, size):
    client = await server.connect(authenticate=False)

    sending = asyncio.create_task(client.send("x" * size))

    assert await ending(client) == ("too_large", 4413)
    await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 300_000, 30_000_000])
async def test_a_frame_too_large_is_told_and_ends_the_socket(server, size):
    client = await server.connect()

    sending = asyncio.create_task(client.send("x" * size))

    assert await ending(client) == ("too_large", 4413)
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_frame_as_large_as_allowed_may_follow_authentication_at_once(server):
    async with await server.connect() as client:
        text = json.dumps({"type": "x", "text": "x" * (64 * 1024 - 22)}, separators=(",", ":"))
        assert len(text) == 64 * 1024
        await client.send([text[:100], text[100:40_000], text[40_000:]])
        assert await client.recv() == text


def test_a_frame_that_only_announces_its_size_ends_when_it_has_grown_too_large(server):
    connection = server.raw_socket()

    connection.sendall(struct.pack("!BBQ", 0x81, 0x80 | 127, 2**40) + b"mask")
    for _ in range(70):
        connection.sendall(b"x" * 1024)

    received = read_to_the_end(connection)
    assert b"too_large" in received
    assert received.endswith(struct.pack("!H", 4413))


@pytest.mark.parametrize("fragment", [b"", b"x"])
def test_endless_fragments_end_the_socket(server, fragment):
    connection = server.raw_socket()

    connection.sendall(frame(Opcode.TEXT, b"x", fin=False))
    with contextlib.suppress(ConnectionError):
        for _ in range(80):
            connection.sendall(frame(Opcode.CONT, fragment, fin=False) * 1000)

    received = read_to_the_end(connection)
    assert received.endswith(struct.pack("!H", 4413)) or not received


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02{}", 1002),  # a frame without a mask
        (b"\xc1\x80mask", 1002),  # a compressed frame, which nobody agreed on
        (b"\x83\x80mask", 1002),  # a reserved opcode
        (b"\x80\x80mask", 1002),  # the continuation of nothing
        (b"\x89\xfe\x00\x7emask" + b"x" * 126, 1002),  # a ping that is too long
        (frame(Opcode.CLOSE, b"\x03\xe8\xff"), 1007),  # a reason that is not UTF-8
        (frame(Opcode.CLOSE, b"\x00\x05"), 1002),  # a code that nobody may send
    ],
    ids=["unmasked", "compressed", "opcode", "continuation", "long ping", "reason", "code"],
)
def test_what_is_no_websocket_protocol_is_closed_by_the_library(server, data, code):
    connection = server.raw_socket()

    connection.sendall(data)

    received = read_to_the_end(connection)
    assert received[:1] == b"\x88"
    assert struct.unpack("!H", received[2:4]) == (code,)


def test_a_flood_of_pings_ends_its_own_socket_only(server):
    connection = server.raw_socket()

    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            connection.sendall(frame(Opcode.PING, b"x" * 125) * 100)

    assert len(read_to_the_end(connection)) < 300_000
    assert asyncio.run(server.is_well())


def test_an_ordinary_number_of_pings_is_answered(server):
    connection = server.raw_socket()

    connection.sendall(frame(Opcode.PING, b"x" * 125) * 50)

    received = b""
    while len(received) < 50 * 127:
        received += connection.recv(65536)
    assert received == (b"\x8a\x7d" + b"x" * 125) * 50


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /\xff HTTP/1.1",
        b"GET /?\xff HTTP/1.1",
        b"GET /" + b"x" * 9000 + b" HTTP/1.1",
        b"GET / HTTP/1.1\r\nCookie: " + b"x" * 9000,
        b"GET / HTTP/1.1\r\nX-A: \xff",
        b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: ,;\xff",
        b"GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate; =x",
    ],
)
def test_a_strange_handshake_is_answered(server, request_line):
    connection = server.raw()

    connection.sendall(
        request_line + b"\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )

    assert read_until(connection, b"\r\n\r\n").startswith((b"HTTP/1.1 101", b"HTTP/1.1 400"))


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 101 + b"\r\n",
        b"GET / HTTP/1.1\r\nX-A: " + b"x" * 300_000,
        b"GET / HTTP/1.1\r\nX-A: " + b"x" * 65_600 + b"\r\n\r\n",
        b"GET /" + b"x" * 300_000,
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(server, data):
    connection = server.raw()

    with contextlib.suppress(ConnectionError):
        connection.sendall(data)

    assert read_to_the_end(connection).startswith(b"HTTP/1.1 400 ")


def test_a_hundred_headers_are_no_problem(server):
    connection = server.raw()

    connection.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100 + b"\r\n")

    assert b'"headers": 100' in read_until(connection, b"}")


async def test_a_stalled_reader_is_cut_off_and_holds_nobody_up(server):
    async with await server.connect() as reader:
        before = await memory(reader)
        stalled = [server.raw_socket() for _ in range(20)]
        started = time.monotonic()
        for _ in range(100):
            await reader.send('{"type":"broadcast","size":60000}')
            received = [await reader.recv() for _ in range(2)]
            assert {len(text) for text in received} == {60_000, len('{"type":"done"}')}

        # 120 MB were broadcast to those who do not read; each got a fraction of its 6 MB.
        assert time.monotonic() - started < 15
        assert await memory(reader) - before < 20 * 1024
    for connection in stalled:
        assert len(read_to_the_end(connection)) < 5_000_000
    await asyncio.sleep(0.2)
    assert server.log().count("disconnected 4408") == 20


async def test_a_thousand_idle_sockets_cost_little_memory(server):
    async with await server.connect() as observer:
        before = await memory(observer)
        sockets = []
        for _ in range(20):
            sockets += await asyncio.gather(*(server.connect() for _ in range(50)))
        each = (await memory(observer) - before) / len(sockets)
        for client in sockets:
            client.transport.abort()

    assert each < 30, f"{each:.1f} KiB a socket"


async def test_a_closed_socket_is_cleaned_up(server):
    client = await server.connect()
    await client.close(3000)
    aborted = await server.connect()
    aborted.transport.abort()
    await asyncio.sleep(0.2)

    endings = [line for line in server.log().splitlines() if line.startswith("disconnected")]
    assert endings[-2:] == ["disconnected 3000", "disconnected 1005"]


async def test_the_server_is_well_after_all_this(server):
    assert await server.is_well()


async def test_a_drain_tells_all_sockets_spread_over_its_time_and_finishes_requests(mortal):
    sockets = [await mortal.connect() for _ in range(20)]
    slow = asyncio.create_task(asyncio.to_thread(fetch, mortal, "/slow"))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    mortal.terminate()

    async def timed(client):
        return await ending(client), time.monotonic() - started

    endings = await asyncio.gather(*map(timed, sockets))
    code = await asyncio.to_thread(mortal.process.wait, 10)

    assert {how for how, _ in endings} == {("draining", 4503)}
    moments = sorted(moment for _, moment in endings)
    assert moments[0] < 1.5
    assert 1.5 < moments[-1] < 5
    assert max(later - earlier for earlier, later in pairwise(moments)) < 1
    assert b'"/slow"' in await slow
    assert code == 0
    assert mortal.log().count("disconnected 4503") == 20


def fetch(server, path):
    connection = server.raw()
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return read_to_the_end(connection)


async def test_a_draining_server_accepts_nothing_new(mortal):
    sockets = [await mortal.connect() for _ in range(2)]
    alive = mortal.raw()
    alive.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    read_until(alive, b"}")
    mortal.terminate()
    await asyncio.sleep(0.5)

    with pytest.raises(OSError, match="refused"):
        mortal.raw()
    alive.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert read_until(alive, b"\r\n\r\n").startswith(b"HTTP/1.1 503 ")
    for client in sockets:
        assert await ending(client) == ("draining", 4503)


def test_who_has_connected_before_a_drain_is_served(mortal):
    """Also who was not accepted yet, and whose request comes late: no proxy may send it again."""
    late = mortal.raw()
    busy = mortal.raw()
    busy.sendall(b"GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(0.2)
    unnoticed = mortal.raw()
    unnoticed.sendall(b"POST /unnoticed HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    mortal.terminate()
    assert b'"/busy"' in read_until(busy, b"}")
    late.sendall(b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")

    for connection, path in ((unnoticed, b'"/unnoticed"'), (late, b'"/late"')):
        received = read_to_the_end(connection)
        assert received.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nconnection: close\r\n" in received
        assert path in received
    assert mortal.process.wait(5) == 0


async def test_a_busy_socket_and_a_stalled_one_do_not_hold_up_the_end(mortal):
    busy = await mortal.connect()
    await busy.send('{"type":"sleep","seconds":60}')
    stalled = mortal.raw_socket()
    stalled.settimeout(0.5)
    with pytest.raises(TimeoutError):
        stalled.sendall(frame(Opcode.TEXT, b'{"type":"x","x":"%s"}' % (b"x" * 60_000)) * 500)
    started = time.monotonic()
    mortal.terminate()

    assert await ending(busy) == ("draining", 4503)
    assert await asyncio.to_thread(mortal.process.wait, 12) == 0
    assert time.monotonic() - started < 8


async def test_a_request_that_does_not_end_in_time_is_told_to_come_back(mortal):
    endless = asyncio.create_task(asyncio.to_thread(fetch, mortal, "/endless"))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    mortal.terminate()

    received = await endless
    assert received.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in received
    assert b'"code":"unavailable"' in received
    assert await asyncio.to_thread(mortal.process.wait, 5) == 0
    assert 5 < time.monotonic() - started < 8


async def test_a_second_signal_ends_at_once(mortal):
    client = await mortal.connect()
    slow = asyncio.create_task(asyncio.to_thread(fetch, mortal, "/endless"))
    others = [await mortal.connect() for _ in range(3)]
    await asyncio.sleep(0.2)
    started = time.monotonic()
    mortal.terminate()
    await asyncio.sleep(0.3)
    mortal.terminate()

    await asyncio.to_thread(mortal.process.wait, 10)
    assert time.monotonic() - started < 5
    await asyncio.gather(slow, return_exceptions=True)
    for each in [client, *others]:
        assert (await ending(each))[1] in (4503, None)


@pytest.mark.parametrize("mortal", [10], indirect=True, ids=["draining 10 s"])
async def test_a_server_without_sockets_ends_at_once(mortal):
    started = time.monotonic()
    mortal.terminate()

    assert await asyncio.to_thread(mortal.process.wait, 15) == 0
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("path", "words"), [(b"/raw", b'"code":"timeout"'), (b"/vendor", b'{"oops":"timeout"}')]
)
async def test_a_peer_that_answers_no_ping_is_told_in_its_protocol_and_cut_off(
    impatient, path, words
):
    connection = impatient.raw_socket(path)
    started = time.monotonic()

    received = await asyncio.to_thread(read_to_the_end, connection)

    assert 0.9 < time.monotonic() - started < 5
    assert words in received
    assert received.endswith(struct.pack("!H", 4408))


async def test_a_peer_that_waits_for_us_is_not_cut_off(impatient):
    async with await impatient.connect() as client:
        await client.send('{"type":"sleep","seconds":2.5}')
        for _ in range(3):
            await client.send('{"type":"ping"}')

        assert json.loads(await client.recv()) == {"type": "pong"}


async def test_a_peer_that_answers_pings_may_be_silent(impatient):
    async with await impatient.connect() as client:
        await asyncio.sleep(2.2)
        await client.send('{"type":"ping"}')

        assert json.loads(await client.recv()) == {"type": "pong"}


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nX-A:"])
async def test_headers_that_do_not_come_are_not_waited_for(impatient, beginning):
    connection = impatient.raw()
    connection.sendall(beginning)

    received = await asyncio.to_thread(read_to_the_end, connection)

    assert received.startswith(b"HTTP/1.1 400 ")


def test_a_body_that_hardly_comes_is_not_waited_for(impatient):
    connection = impatient.raw()
    connection.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    started = time.monotonic()

    with contextlib.suppress(ConnectionError):
        while time.monotonic() - started < 1.5:
            connection.sendall(b"x")
            time.sleep(0.05)

    received = read_until(connection, b"}")
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in received


def test_a_body_that_comes_slowly_but_does_come_is_waited_for(impatient):
    connection = impatient.raw()
    connection.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 64000\r\n\r\n")

    for _ in range(16):
        connection.sendall(b"x" * 4000)
        time.sleep(0.08)

    assert read_until(connection, b"}").startswith(b"HTTP/1.1 200 ")


def test_whoever_does_not_read_an_answer_is_cut_off(impatient):
    connection = impatient.raw()
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    read_until(connection, b"\r\n\r\n")
    time.sleep(2)

    assert len(read_to_the_end(connection)) < 8_000_000
    reader = impatient.raw()
    reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert len(read_to_the_end(reader)) > 8_000_000


def test_a_slow_reader_is_none_that_stalls_while_the_kernel_has_enough_for_it():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        sender = socket.create_connection(listener.getsockname())
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200 * 1024)
        reader, _ = listener.accept()
    clock = SimpleNamespace(now=0.0)
    connection = object.__new__(HttpProtocol)
    connection.loop = SimpleNamespace(time=lambda: clock.now)
    connection.transport = SimpleNamespace(
        get_write_buffer_size=lambda: 1000, get_extra_info=lambda name: sender
    )
    with sender, reader:
        sender.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.send(bytes(65536))
        assert not connection.is_stalled()

        for _ in range(2):
            clock.now += STALLED_SECONDS + 1
            reader.recv(160 * 1024, socket.MSG_WAITALL)
            time.sleep(0.05)
            assert not connection.is_stalled()
        clock.now += STALLED_SECONDS + 1
        assert connection.is_stalled()
    clock.now += 1
    connection.is_stalled()


def short_of_files(*_):
    raise OSError(errno.EMFILE, "Too many open files")


async def test_a_drain_goes_on_without_who_waits_when_there_are_no_files_for_them():
    closed = []
    listener = SimpleNamespace(dup=short_of_files)
    server = make_server(None, host="", port=0, drain_seconds=0)
    server.servers = [SimpleNamespace(sockets=[listener], close=lambda: closed.append(listener))]

    await server._stop_accepting()

    assert closed == [listener]
    full = SimpleNamespace(setblocking=lambda blocking: None, accept=short_of_files)
    assert list(_accept_all(full)) == []


async def test_the_search_for_stalled_connections_survives_what_it_finds(monkeypatch, caplog):
    monkeypatch.setattr("livechat.server.REAP_SECONDS", 0)
    aborted = asyncio.Event()
    server = make_server(None, host="", port=0, drain_seconds=0)
    connection = object.__new__(HttpProtocol)
    states = [RuntimeError("odd"), True]

    def is_stalled():
        if isinstance(state := states.pop(0), Exception):
            raise state
        return state

    connection.is_stalled, connection.abort = is_stalled, aborted.set
    server.server_state.connections.add(connection)
    reaper = asyncio.create_task(server._reap())

    async with asyncio.timeout(2):
        await aborted.wait()
    reaper.cancel()
    assert "Could not look for stalled connections" in caplog.text


def hold_frame(server, size):
    """A connection that has sent so much of a frame that it does not finish."""
    connection = server.raw_socket()
    connection.sendall(struct.pack("!BBQ", 0x81, 0x80 | 127, 60 * 1024) + b"mask" + b"x" * size)
    return connection


def test_all_sockets_together_hold_only_so_much_of_large_frames(server):
    first, second = (hold_frame(server, 50 * 1024) for _ in range(2))
    small = hold_frame(server, 10 * 1024)

    refused = read_to_the_end(hold_frame(server, 50 * 1024))

    assert b"too_large" in refused
    assert refused.endswith(struct.pack("!H", 4413))
    first.close()
    # The server learns of it in its own time.
    deadline = time.monotonic() + 10
    while not goes_on(hold_frame(server, 50 * 1024), missing=10 * 1024):
        assert time.monotonic() < deadline
    assert goes_on(second, missing=10 * 1024)
    assert goes_on(small, missing=50 * 1024)


def goes_on(connection, *, missing):
    """Whether the server read the rest of the frame, and found nothing but its words amiss."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"x" * missing)
    return b"malformed_frame" in read_until(connection, b"}")


def test_a_large_frame_is_not_waited_for_without_end(impatient):
    started = time.monotonic()

    received = read_to_the_end(hold_frame(impatient, 20 * 1024))

    assert 0.4 < time.monotonic() - started < 5
    assert received.endswith(struct.pack("!H", 4413))


async def test_a_handshake_without_a_key_is_refused(server):
    with pytest.raises(InvalidStatus) as caught:
        await connect(
            f"ws://127.0.0.1:{server.port}/", additional_headers={"Sec-WebSocket-Key": "no"}
        )

    assert caught.value.response.status_code == 400
