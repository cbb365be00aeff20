"""A TCP relay that breaks what goes through it, in the ways in which networks do."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress

TO_SERVER, TO_CLIENT = "to server", "to client"
CHUNK = 64 * 1024
# An immediate end: what is under way is thrown away, and the peer is told by a reset.
NO_LINGER = struct.pack("ii", 1, 0)


class Line:
    """One connection through the proxy, and how much of it may still pass in each direction."""

    def __init__(self, client, server, allowed):
        self.writers = {TO_CLIENT: client, TO_SERVER: server}
        self.allowed = dict(allowed)
        self.is_holed = False

    def passing(self, way, data):
        """The part of ``data`` that may pass."""
        left = self.allowed.get(way)
        if left is None:
            return data
        self.allowed[way] = left - len(data)
        return data[: max(0, left)]

    def is_spent(self, way):
        left = self.allowed.get(way)
        return left is not None and left < 0

    def cut(self, *, reset=False):
        for writer in self.writers.values():
            # None where the line has ended by itself.
            link = writer.get_extra_info("socket")
            if reset and link is not None and link.family != socket.AF_UNIX:
                with suppress(OSError):
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()


class Proxy:
    """Listens on a port of its own and passes everything on to one server, until told otherwise.

    ``target`` is (host, port), or the path of a Unix socket. What breaks is broken for all lines,
    open ones and new ones, for the length of a ``with`` block.
    """

    def __init__(self, target):
        self.target = target
        self.port = None
        self.lines = set()
        self._allowed = {}
        self._delay = 0.0
        self._is_hole = False
        self._server = None
        self._tasks = set()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port or 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, *, reset=False):
        """End all connections, each at whatever byte it has come to."""
        for line in tuple(self.lines):
            line.cut(reset=reset)

    @asynccontextmanager
    async def cutting(self, way, *, after):
        """Let ``after`` more bytes pass on each line in this direction, then cut it.

        With ``after=0`` towards the client, requests arrive and their responses are lost.
        """
        self._allow(way, after)
        try:
            yield
        finally:
            self._allow(way, None)

    @asynccontextmanager
    async def black_hole(self):
        """Take everything, pass nothing on, and leave the ends to find out."""
        self._is_hole = True
        for line in self.lines:
            line.is_holed = True
        try:
            yield
        finally:
            self._is_hole = False
            for line in tuple(self.lines):
                if line.is_holed:
                    line.cut()

    @asynccontextmanager
    async def delaying(self, seconds):
        """Pass everything on, each piece late."""
        self._delay = seconds
        try:
            yield
        finally:
            self._delay = 0.0

    @asynccontextmanager
    async def away(self):
        """Be as if no server were there."""
        self._server.close()
        self.cut(reset=True)
        try:
            yield
        finally:
            await self.start()

    def _allow(self, way, size):
        self._allowed[way] = size
        for line in self.lines:
            line.allowed[way] = size

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._relay(reader, writer)
        except OSError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _relay(self, reader, writer):
        link = asyncio.open_unix_connection if isinstance(self.target, str) else _connect
        from_server, to_server = await link(self.target)
        line = Line(writer, to_server, self._allowed)
        line.is_holed = self._is_hole
        self.lines.add(line)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(line, reader, TO_SERVER))
                pumps.create_task(self._pump(line, from_server, TO_CLIENT))
        finally:
            self.lines.discard(line)
            line.cut()

    async def _pump(self, line, reader, way):
        writer = line.writers[way]
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                if line.is_holed:
                    continue
                _write(writer, line.passing(way, data))
                await writer.drain()
                if line.is_spent(way):
                    break
            if not line.is_spent(way) and not writer.is_closing():
                writer.write_eof()
                return
        line.cut()


def _write(writer, data):
    try:
        writer.write(data)
    except RuntimeError as error:
        # How uvloop tells of a line that was cut since the last look at it.
        raise ConnectionResetError from error


async def _connect(address):
    return await asyncio.open_connection(*address)
