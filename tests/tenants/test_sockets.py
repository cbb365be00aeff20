import asyncio
import ssl

import httpcore2
import pytest

from tenants.outbound.sockets import SocketNetwork

MUCH = b"m" * 300_000


@pytest.fixture(scope="module")
def contexts(certificate):
    """A server's, and that of a client which trusts it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    return server, ssl.create_default_context(cafile=certificate)


async def say_again(reader, writer):
    """Says again what it hears, after ``wait`` nothing any more, and after ``end`` that is all."""
    heard = b""
    while not heard.endswith((b"wait", b"end")):
        heard = await reader.read(65_536)
        writer.write(heard)
        await writer.drain()
    if heard.endswith(b"wait"):
        await reader.read()
    writer.close()


async def read(stream, count):
    heard = b""
    while len(heard) < count:
        heard += await stream.read(65_536, timeout=5)
    return heard


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_connection_brings_all_that_is_said_and_tells_its_end_and_silence(
    contexts, encrypted
):
    server_context, client_context = contexts
    context = server_context if encrypted else None
    async with await asyncio.start_server(say_again, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]

        async def call():
            stream = await SocketNetwork().connect_tcp("127.0.0.1", port, timeout=5)
            return await stream.start_tls(client_context, "shop.example") if encrypted else stream

        stream = await call()
        assert not stream.get_extra_info("is_readable") or encrypted
        assert bool(stream.get_extra_info("ssl_object")) is encrypted
        _, heard = await asyncio.gather(stream.write(MUCH), read(stream, len(MUCH)))
        assert heard == MUCH
        await stream.write(b"end")
        assert await read(stream, 3) == b"end"
        assert await stream.read(10, timeout=5) == b""
        await stream.aclose()
        assert stream.get_extra_info("is_readable")

        silent = await call()
        await silent.write(b"wait")
        assert await read(silent, 4) == b"wait"
        with pytest.raises(httpcore2.ReadTimeout):
            await silent.read(10, timeout=0.01)
        await silent.aclose()
        with pytest.raises(httpcore2.ReadError):
            await silent.read(10)

    with pytest.raises(httpcore2.ConnectError):
        await SocketNetwork().connect_tcp("127.0.0.1", port, timeout=5)
