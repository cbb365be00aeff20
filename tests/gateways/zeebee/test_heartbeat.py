"""Whether anybody is there, with seconds made short."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from channels.testing import WebsocketCommunicator

from gateways.zeebee.heartbeat import Heartbeat, Rhythm
from gateways.zeebee.socket import ZeebeeSocket
from livechat.asgi import application
from realtime.consumer import SocketConsumer

NEVER = 60.0
WARNING = {
    "type": "connection_warning",
    "level": "warning",
    "message": "Your connection appears to be inactive. "
    "Please respond or send any message to keep the connection alive.",
    "time_remaining": 30,
    "reconnect_required": False,
    "ping_requested": True,
}


@asynccontextmanager
async def connected(path="/ws"):
    socket = WebsocketCommunicator(application, path, headers=[(b"host", b"localhost")])
    socket.scope["client"] = ("192.0.2.1", 50000)
    assert (await socket.connect())[0]
    established = await socket.receive_json_from(timeout=5)
    assert established["type"] == "connection_established"
    assert abs(established["timestamp"] / 1000 - time.time()) < 5
    try:
        yield socket
    finally:
        await socket.disconnect()


@pytest.fixture
def rhythm(monkeypatch):
    def set_to(**seconds):
        everything = {"ping": NEVER, "warn": NEVER, "end": NEVER, **seconds}
        monkeypatch.setattr(ZeebeeSocket, "rhythm", Rhythm(**everything))

    return set_to


def test_the_rhythm_is_that_of_the_reference():
    assert ZeebeeSocket.rhythm == Rhythm(ping=20, warn=60, end=90)
    assert ZeebeeSocket.auth_deadline == 30


async def test_the_server_pings_with_a_new_id_each_time(rhythm):
    rhythm(ping=0.05)
    async with connected() as socket:
        pings = [await socket.receive_json_from(timeout=5) for _ in range(3)]

    assert [list(ping) for ping in pings] == [["type", "ping_id", "timestamp"]] * 3
    assert len({ping["ping_id"] for ping in pings}) == 3


async def test_a_silent_client_is_warned_and_then_left(rhythm):
    rhythm(warn=0.05, end=30.05)
    async with connected() as socket:
        assert await socket.receive_json_from(timeout=5) == WARNING

    rhythm(warn=0.05, end=0.15)
    async with connected() as socket:
        begun = time.monotonic()
        warning = await socket.receive_json_from(timeout=5)
        error = await socket.receive_json_from(timeout=5)
        closing = await socket.receive_output(timeout=5)

    assert warning["type"] == "connection_warning"
    assert list(error) == ["type", "message"]
    assert error["type"] == "error"
    assert (closing["type"], closing["code"]) == ("websocket.close", 4408)
    assert 0.1 <= time.monotonic() - begun < 2


async def test_whatever_a_client_sends_keeps_it_connected(rhythm):
    rhythm(warn=0.2, end=0.3)
    async with connected() as socket:
        for sent in ('{"type": "pong"}', '{"type": "message"}', "not JSON", b"\x00"):
            await asyncio.sleep(0.12)
            await socket.send_to(**{"bytes_data" if isinstance(sent, bytes) else "text_data": sent})
        said = [await socket.receive_json_from(timeout=5) for _ in range(3)]

    assert {frame["type"] for frame in said} == {"error"}


async def test_each_silence_is_warned_of_once():
    told = []
    heartbeat = Heartbeat(
        Rhythm(ping=NEVER, warn=0.05, end=0.15),
        ping=lambda: told.append("ping"),
        warn=lambda: told.append("warn"),
        end=lambda: told.append("end"),
    )
    await asyncio.sleep(0.1)
    heartbeat.heard()
    assert told == ["warn"]
    await asyncio.sleep(0.3)
    assert told == ["warn", "warn", "end"]


async def test_a_heartbeat_that_was_stopped_says_nothing():
    told = []
    heartbeat = Heartbeat(
        Rhythm(ping=0.02, warn=0.02, end=0.02),
        ping=lambda: told.append("ping"),
        warn=lambda: told.append("warn"),
        end=lambda: told.append("end"),
    )
    heartbeat.stop()
    await asyncio.sleep(0.05)
    assert told == []


async def test_who_does_not_begin_in_time_is_told_and_left(monkeypatch):
    monkeypatch.setattr(ZeebeeSocket, "auth_deadline", 0.1)
    async with connected() as socket:
        error = await socket.receive_json_from(timeout=5)
        closing = await socket.receive_output(timeout=5)

    assert error == {
        "type": "error",
        "message": "Authentication required. Provide a valid user ID or API key.",
    }
    assert closing["code"] == 4401


async def test_a_client_that_never_begins_may_not_try_for_ever(monkeypatch):
    monkeypatch.setattr(SocketConsumer, "rate_limit", 5)
    async with connected() as socket:
        for _ in range(6):
            await socket.send_json_to({"type": "init", "api_key": "sk_nonsense"})
        answers = [await socket.receive_json_from(timeout=5) for _ in range(6)]
        closing = await socket.receive_output(timeout=5)

    assert [answer["message"][:15] for answer in answers] == [
        *["Invalid API key"] * 5,
        "Too many reques",
    ]
    assert closing["code"] == 4429
