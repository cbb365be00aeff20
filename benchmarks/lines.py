"""An HTTP client that costs next to nothing: one connection that is kept, as HTTP/1.1 has it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping

from benchmarks.processes import HOST


class Line:
    """One connection; ``address`` is where it pretends to come from, behind a trusted proxy."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        self.reader, self.writer, self.address = reader, writer, address

    @classmethod
    async def open(cls, port: int, *, address: str = "") -> "Line":
        return cls(*await asyncio.open_connection(HOST, port), address)

    async def ask(
        self, method: str, path: str, *, token: str = "", body: Mapping[str, object] | None = None
    ) -> tuple[int, bytes]:
        """The status and the content of the answer."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"X-Forwarded-For: {self.address}"] if self.address else []
        lines += [f"Authorization: Bearer {token}"] if token else []
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}", "", ""]
        self.writer.write("\r\n".join(lines).encode() + content)
        return await self._answer()

    def close(self) -> None:
        self.writer.close()

    async def _answer(self) -> tuple[int, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split()[1])
        if length := head.partition("content-length:")[2].split():
            return status, await self.reader.readexactly(int(length[0]))
        return status, b"".join([chunk async for chunk in self._chunks()])

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self.reader.readline(), 16):
            yield await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()


def address(number: int) -> str:
    """One of the addresses that the world has, for documentation and benchmarks alike."""
    return f"198.18.{number // 250}.{number % 250 + 1}"
