"""The relay itself: what it lets pass is exactly what it is told to."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.faults.proxy import TO_CLIENT, TO_SERVER, Proxy


class Upstream:
    """A server that remembers what it was sent, and answers each piece with as much."""

    def __init__(self):
        self.heard = b""

    async def serve(self, reader, writer):
        while data := await reader.read(1024):
            self.heard += data
            writer.write(data.upper())
        writer.close()


@asynccontextmanager
async def relayed():
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    proxy = Proxy(server.sockets[0].getsockname())
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield upstream, proxy, reader, writer
    finally:
        writer.transport.abort()
        await proxy.stop()
        server.close()


async def everything(reader):
    """What still comes until the connection has ended, one way or the other."""
    heard = b""
    try:
        while data := await reader.read(1024):
            heard += data
    except ConnectionError:
        pass
    return heard


@pytest.mark.parametrize("after", [0, 1, 5])
async def test_a_request_is_cut_at_a_byte(after):
    async with (
        relayed() as (upstream, proxy, reader, writer),
        proxy.cutting(TO_SERVER, after=after),
    ):
        writer.write(b"question")
        await everything(reader)

    assert upstream.heard == b"question"[:after]


async def test_a_response_is_lost_after_its_request_has_arrived():
    async with (
        relayed() as (upstream, proxy, reader, writer),
        proxy.cutting(TO_CLIENT, after=0),
    ):
        writer.write(b"question")
        answer = await everything(reader)

    assert (upstream.heard, answer) == (b"question", b"")


async def test_a_black_hole_takes_everything_and_ends_with_its_block():
    async with relayed() as (upstream, proxy, reader, writer):
        async with proxy.black_hole():
            writer.write(b"question")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await reader.read(1)
        answer = await everything(reader)

    assert (upstream.heard, answer) == (b"", b"")


async def test_a_server_that_was_away_is_back_at_the_same_address():
    async with relayed() as (_, proxy, reader, writer):
        writer.write(b"question")
        assert await reader.readexactly(8) == b"QUESTION"
        async with proxy.away():
            assert await everything(reader) == b""
            with pytest.raises(ConnectionError):
                await asyncio.open_connection("127.0.0.1", proxy.port)
        again, other = await asyncio.open_connection("127.0.0.1", proxy.port)
        other.write(b"question")

        assert await again.readexactly(8) == b"QUESTION"
        other.transport.abort()
