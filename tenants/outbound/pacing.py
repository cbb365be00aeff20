"""Reading a trickle in sips: a stream of words wakes us a few times a second, not for each word.

Each waking costs more than what has come. The first words of an answer are read at once.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

PAUSE_SECONDS = 0.15
PROMPT_READS = 4
# A read that brings more is no trickle.
SIP_BYTES = 8 * 1024


class PacedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections whose answers are read so."""

    def __init__(self, network: httpcore2.AsyncNetworkBackend) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the pool calls it so
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return PacedStream(
            await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class PacedStream(httpcore2.AsyncNetworkStream):
    """One connection; what comes between two reads waits in the system's buffer."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._sips = 0
        self._last = 0.0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        now = asyncio.get_running_loop().time
        if self._sips >= PROMPT_READS and (pause := self._last + PAUSE_SECONDS - now()) > 0:
            await asyncio.sleep(pause)
        data = await self._stream.read(max_bytes, timeout)
        self._sips = self._sips + 1 if len(data) < SIP_BYTES else 0
        self._last = now()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._sips = 0
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        return PacedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
