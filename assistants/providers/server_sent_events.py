"""The event streams of the web, as far as servers of models use them.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections.abc import Iterator


class EventStream:
    """Takes an answer's bytes as they come, and gives the data of each event that is whole.

    Takes time in proportion to the bytes, however small the pieces are. Bounds nothing.
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        self._line.append(piece)
        if b"\n" not in piece and b"\r" not in piece:
            return
        lines = b"".join(self._line).splitlines(keepends=True)
        # The other half of its end may be still to come.
        self._line = [lines.pop()] if not lines[-1].endswith(b"\n") else []
        for line in lines:
            yield from self._read(line.rstrip(b"\r\n"))

    def rest(self) -> Iterator[bytes]:
        """What servers leave without an end; by the book it would be lost."""
        for line in (*b"".join(self._line).splitlines(), b""):
            yield from self._read(line)
        self._line = []

    def _read(self, line: bytes) -> Iterator[bytes]:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif not line and self._data:
            data, self._data = b"\n".join(self._data), []
            yield data
