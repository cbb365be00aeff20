"""A WebSocket client that costs next to nothing, so that the server is what is measured."""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import cast

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_MASK = bytes(4)
Hear = Callable[[bytes], None]


class Socket(asyncio.Protocol):
    """One connection. ``hear`` gets each text frame's payload as it arrives.

    ``address`` is where it pretends to come from, to a server that trusts a proxy; ``ended`` tells
    the code that it was closed with, 1006 without any.
    """

    def __init__(self, host: str, port: int, path: str, hear: Hear, address: str = "") -> None:
        self.hear = hear
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = handshake(host, port, path, address)
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self.opened.done():
            self._read_handshake()
        if self.opened.done():
            self._read_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("The server closed the connection."))
        self._end(1006)

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        assert self._transport
        self._transport.write(client_frame(payload, opcode))

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def _read_handshake(self) -> None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        self._buffer = rest
        if b" 101 " in head.partition(b"\r\n")[0]:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(head.decode(errors="replace")))

    def _read_frames(self) -> None:
        data, at = self._buffer, 0
        while (found := _frame(data, at)) is not None:
            opcode, start, at = found
            if opcode == TEXT:
                self.hear(data[start:at])
            elif opcode == PING:
                self.send(data[start:at], PONG)
            elif opcode == CLOSE:
                self._end(int.from_bytes(data[start : start + 2]))
                self.close()
        self._buffer = data[at:]

    def _end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)


async def connect(host: str, port: int, path: str, hear: Hear, *, address: str = "") -> Socket:
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: Socket(host, port, path, hear, address), host, port
    )
    await socket.opened
    return socket


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole frame; clients must mask, and a mask of zeros changes nothing."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + NO_MASK + payload


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The opcode of the frame at ``at``, where its payload starts and ends; None if it is cut."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1] & 0x7F, at + 2
    if size == 126:
        start += 2
        size = int.from_bytes(data[start - 2 : start])
    elif size == 127:
        start += 8
        size = int.from_bytes(data[start - 8 : start])
    end = start + size
    return (data[at] & 0x0F, start, end) if len(data) >= end else None


def handshake(host: str, port: int, path: str, address: str = "") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    forwarded = f"X-Forwarded-For: {address}\r\n" if address else ""
    return (
        f"GET {path} HTTP/1.1\r\n{forwarded}Host: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
