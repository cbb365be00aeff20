"""uvicorn's two protocols with the bounds that it leaves out: no connection grows for ever."""

import fcntl
import sys
import termios
from asyncio import BaseTransport, TimerHandle, Transport
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request

from tenants.drain import draining

MAX_HEADER_BYTES = 64 * 1024
MAX_HEADERS = 100
HEADER_SECONDS = 20.0
FIRST_REQUEST_SECONDS = 0.5

MAX_FRAME_BYTES = 16 * 1024 * 1024
MAX_FRAGMENTS = 4096
MAX_PINGS_BETWEEN_OURS = 100
# A frame beyond the first size is large. All sockets of the process together hold so much of large
# ones, and each must be here in time.
LARGE_FRAME_BYTES = 64 * 1024
LARGE_FRAMES_BUDGET = 256 * 1024 * 1024
LARGE_FRAME_SECONDS = 120.0
# Senders who wait are made to wait from here on; a socket that holds twice as much is cut off.
HIGH_WATER_BYTES = 128 * 1024
CUT_OFF_BYTES = 256 * 1024
GOODBYE_SECONDS = 5.0
# How long a peer may leave an answer unread in which nothing moves.
STALLED_SECONDS = 60.0
DISCARD_SECONDS = 1.0


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose headers must come to an end, in size, in number and in time."""

    _header_timer: TimerHandle | None = None
    _in_headers = True
    _header_bytes = 0
    _unread = 0
    _moved_at = 0.0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_header_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not self._in_headers:
            self._stop_header_timer()
            return
        self._header_bytes += len(data)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse()
        elif self._header_timer is None:
            self._start_header_timer()

    def is_stalled(self) -> bool:
        """Whether the peer has left an answer unread for too long; to be asked now and then."""
        now, unread = self.loop.time(), _unread(self.transport)
        if unread == 0 or unread != self._unread:
            self._unread, self._moved_at = unread, now
        return now - self._moved_at > STALLED_SECONDS

    def abort(self) -> None:
        """End the connection now, and with it what is still to be read."""
        self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if len(self.headers) > MAX_HEADERS or self._header_size() > MAX_HEADER_BYTES:
            raise ValueError("too many headers, or too large ones")
        super().on_headers_complete()
        if draining.is_set() and self.cycle is not None:
            # Its answer says that the connection ends, so that no proxy sends another one.
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        if self.cycle is None:
            # The request may be on its way here, and its sender may not be able to repeat it.
            self.loop.call_later(FIRST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def _header_size(self) -> int:
        """What came in one piece is here before it was counted."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.send_400_response("The headers are too large or too slow.")

    def _start_header_timer(self) -> None:
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._refuse)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


def _unread(transport: Transport) -> int:
    """How much the peer has still to take of what was written, as soon as some is left to us.

    The kernel may have megabytes before it takes more, which a slow reader is long busy with.
    """
    unread = transport.get_write_buffer_size()
    # The connection may be over meanwhile.
    with suppress(OSError, ValueError):
        if unread:
            descriptor = transport.get_extra_info("socket").fileno()
            in_kernel = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
            unread += int.from_bytes(in_kernel, sys.byteorder)
    return unread


class Budget:
    """Bytes that all sockets of this process share."""

    def __init__(self, size: int) -> None:
        self.left = size

    def exchange(self, held: int, wanted: int) -> bool:
        """Hold ``wanted`` bytes instead of ``held``; False, and nothing changes, without room."""
        if wanted - held > self.left:
            return False
        self.left -= wanted - held
        return True


large_frames = Budget(LARGE_FRAMES_BUDGET)


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSockets with bounds, and with what consumers must know and do about their connection.

    The application finds this object in its scope under ``extensions["livechat.transport"]``, and
    may then receive two messages of ours: ``livechat.oversized`` and ``livechat.drain``.
    """

    scope: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The library would fix a frame's limit before the frame comes, that is before its sender
        # may have authenticated, and close in its own words. So data_received counts.
        self.conn.max_message_size = None
        self.close_timeout = GOODBYE_SECONDS
        self._frame_limit = MAX_FRAME_BYTES
        self._discarding = False
        self._pings = 0
        self._in_hand = 0
        self._held = 0
        self._large_timer: TimerHandle | None = None
        self._last_words: Callable[[str], str] | None = None

    # What consumers use.

    def buffered(self) -> int:
        """Return how many bytes wait for the peer to read them."""
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        """End the connection now; the peer learns it from TCP."""
        self.close_sent = True
        self.transport.abort()

    def write_text(self, text: str) -> None:
        """Send one text frame without waiting; the caller looks at ``buffered`` first."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(_text_frame(text))

    def limit_frames(self, size: int) -> None:
        """Read no more than ``size`` bytes of a frame from now on."""
        self._frame_limit = size

    def use_last_words(self, words: Callable[[str], str]) -> None:
        """Tell ``words(code)`` to a peer whom the server itself must leave, before closing."""
        self._last_words = words

    # What the server uses.

    def drain(self) -> None:
        """Ask the application to end this socket, in its own words."""
        self._tell({"type": "livechat.drain"})

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self._hang_up(4503, "draining")
        else:
            super().shutdown()

    # What the peer and the library say.

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._hold(0)
        self._last_words = None
        if self.scope is not None:
            # Frees the connection without waiting for the garbage collector.
            self.scope["extensions"].clear()

    def data_received(self, data: bytes) -> None:
        if self._discarding:
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._reject(HTTPStatus.BAD_REQUEST)
        elif self._is_overfull() or not self._hold(self._waiting() + self._in_hand):
            self._discard_the_rest()

    def handle_connect(self, event: Request) -> None:
        if draining.is_set():
            self._reject(HTTPStatus.SERVICE_UNAVAILABLE)
        elif not event.path.isascii():
            self._reject(HTTPStatus.BAD_REQUEST)
        else:
            super().handle_connect(event)
            if self.scope is not None:
                self.scope["extensions"]["livechat.transport"] = self

    def send_receive_event_to_app(self) -> None:
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        if self.curr_msg_data_type == "text" and not _is_utf8(data):
            # Goes on as bytes: to a consumer one more malformed frame, not the end.
            self.curr_msg_data_type = "bytes"
        self.frames = [data]
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._count_ping()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._count_ping()

    def send_keepalive_ping(self) -> None:
        self._pings = 0
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        self.pong_timer = self.pending_ping_payload = None
        if self.read_paused and not self.buffered():
            # We have not read what the peer sent, which may hold its pong: our delay, not its.
            self.schedule_ping()
        elif not self.close_sent:
            self._hang_up(4408, "timeout")

    async def receive(self) -> Any:
        # The application has done with the frame before.
        self._in_hand = 0
        message: Any = await super().receive()
        self._in_hand = len(message.get("text") or message.get("bytes") or "")
        self._hold(self._waiting() + self._in_hand)
        return message

    async def send(self, message: Any) -> None:
        try:
            await super().send(message)
        except RuntimeError:
            # The connection was ended from this side while the application still had its say.
            if not self.close_sent:
                raise
            raise ClientDisconnected from None

    def _waiting(self) -> int:
        """How many bytes of a frame that is not complete are here."""
        return len(self.conn.reader.buffer) + sum(map(len, self.frames))

    def _is_overfull(self) -> bool:
        return self._waiting() > self._frame_limit or len(self.frames) > MAX_FRAGMENTS

    def _hold(self, size: int) -> bool:
        """Count what we keep of a large frame; False if there is no room for it now."""
        wanted = size if size > LARGE_FRAME_BYTES else 0
        if not large_frames.exchange(self._held, wanted):
            return False
        self._held = wanted
        if not wanted and self._large_timer is not None:
            self._large_timer.cancel()
            self._large_timer = None
        elif wanted and self._large_timer is None:
            self._large_timer = self.loop.call_later(LARGE_FRAME_SECONDS, self._lose_patience)
        return True

    def _lose_patience(self) -> None:
        # What the application has in hand takes the time that it takes.
        if self._waiting() > LARGE_FRAME_BYTES:
            self._discard_the_rest()

    def _discard_the_rest(self) -> None:
        """Let the application say why it ends; reading on lets the peer hear it while it sends."""
        self._discarding = True
        self.close_timeout = DISCARD_SECONDS
        self.frames = []
        self.conn.reader.buffer.clear()
        self._hold(0)
        if not self.close_sent:
            self._tell({"type": "livechat.oversized"})

    def _count_ping(self) -> None:
        self._pings += 1
        if self._pings > MAX_PINGS_BETWEEN_OURS or self.buffered() > CUT_OFF_BYTES:
            self.abort()

    def _hang_up(self, close_code: int, code: str) -> None:
        """End without the application, which may be busy, but in its protocol's words."""
        self.stop_keepalive()
        self._tell({"type": "websocket.disconnect", "code": close_code, "reason": ""})
        last = _text_frame(self._last_words(code)) if self._last_words else b""
        self.transport.write(last + _close_frame(close_code))
        self.close_sent = True
        self.transport.close()

    def _tell(self, message: Any) -> None:
        self.queue.put_nowait(message)

    def _reject(self, status: HTTPStatus) -> None:
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        # Not by the library, which may be beyond answering.
        line = f"HTTP/1.1 {status} {status.phrase}\r\n"
        self.transport.write(line.encode() + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


def _is_utf8(data: bytes) -> bool:
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return False
    return True


@lru_cache(maxsize=1)
def _text_frame(text: str) -> bytes:
    """The frame's bytes, which are the same for every socket that a broadcast goes to."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def _close_frame(code: int) -> bytes:
    return Frame(Opcode.CLOSE, Close(code, "").serialize()).serialize(mask=False)
