"""Connections that cost little: a read takes what has come, and asks the loop only if nothing has.

The streams of asyncio and anyio tell the loop to listen for each read, and set a timer for each.
"""

import asyncio
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpcore2

T = TypeVar("T")

TLS_BYTES = 64 * 1024


class SocketNetwork(httpcore2.AsyncNetworkBackend):
    """Calls addresses; names are looked up, and checked, before."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the pool calls it so
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option in socket_options or ():
                connection.setsockopt(*option)
            with _errors(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                async with asyncio.timeout(timeout):
                    loop = asyncio.get_running_loop()
                    await loop.sock_connect(connection, (host, port))
        except BaseException:
            connection.close()
            raise
        return SocketStream(connection)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SocketStream(httpcore2.AsyncNetworkStream):
    """One connection, from ``start_tls`` on an encrypted one."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        deadline = self._deadline(timeout)
        with _errors(httpcore2.ReadError, httpcore2.ReadTimeout):
            if self._tls is None:
                return await self._receive(max_bytes, deadline)
            tls = self._tls
            try:
                return await self._through_tls(lambda: tls.read(max_bytes), deadline)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        deadline = self._deadline(timeout)
        with _errors(httpcore2.WriteError, httpcore2.WriteTimeout):
            if self._tls is None:
                await self._send(buffer, deadline)
            elif buffer:
                tls = self._tls
                await self._through_tls(lambda: tls.write(buffer), deadline)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        tls = ssl_context.wrap_bio(self._received, self._to_send, server_hostname=server_hostname)
        try:
            with _errors(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                await self._through_tls(tls.do_handshake, self._deadline(timeout))
        except BaseException:
            await self.aclose()
            raise
        self._tls = tls
        return self

    async def aclose(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "ssl_object":
                return self._tls
            case "client_addr":
                return self._socket.getsockname()
            case "server_addr":
                return self._socket.getpeername()
            case "socket":
                return self._socket
            case "is_readable":
                return _is_readable(self._socket)
        return None

    def _deadline(self, seconds: float | None) -> float | None:
        return None if seconds is None else self._loop.time() + seconds

    async def _through_tls(self, act: Callable[[], T], deadline: float | None) -> T:
        """Do it as soon as what it needs has come, and send what it has to say."""
        while True:
            try:
                done = act()
            except ssl.SSLWantReadError:
                await self._send(self._to_send.read(), deadline)
                if data := await self._receive(TLS_BYTES, deadline):
                    self._received.write(data)
                else:
                    self._received.write_eof()
            else:
                await self._send(self._to_send.read(), deadline)
                return done

    async def _receive(self, max_bytes: int, deadline: float | None) -> bytes:
        try:
            data = self._socket.recv(max_bytes)
        except BlockingIOError:
            async with asyncio.timeout_at(deadline):
                return await self._loop.sock_recv(self._socket, max_bytes)
        # Whoever sends fast must not keep the loop from others.
        await asyncio.sleep(0)
        return data

    async def _send(self, data: bytes, deadline: float | None) -> None:
        if data:
            async with asyncio.timeout_at(deadline):
                await self._loop.sock_sendall(self._socket, data)


@contextmanager
def _errors(failed: type[Exception], timed_out: type[Exception]) -> Iterator[None]:
    """Turn errors of sockets and of TLS into those that the pool knows."""
    try:
        yield
    except TimeoutError as error:
        raise timed_out(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error


def _is_readable(connection: socket.socket) -> bool:
    """Whether something has come, or the end; a connection that is closed has ended."""
    if connection.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
