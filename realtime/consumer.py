"""The base of every WebSocket consumer: frames, deadline, limits and closing, in one place.

It is lean on purpose: no database hop per frame and no channel layer channel per socket, as stock
Channels consumers have. Events reach a socket through ``deliver``, which the feed calls.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from realtime.lobby import Lobby
from realtime.log import encode
from tenants import metrics, strict_json, tracing
from tenants.errors import BadRequest, LiveChatError, Unauthorized
from tenants.network import client_ip, ip_bucket
from tenants.outages import FAILURES, outage

logger = logging.getLogger(__name__)

Message = dict[str, Any]
Frame = dict[str, Any] | str | bytes

GOODBYE_SECONDS = 2.0
MESSAGES = {
    "malformed_frame": "The frame is not a JSON object in a text frame.",
    "too_large": "The frame is too large.",
    "auth_timeout": "No auth frame came in time.",
    "rate_limited": "Too many frames; try again later.",
    "too_many_sockets": "Too many sockets of this address have not authenticated.",
    "draining": "The server restarts; connect again shortly.",
    "timeout": "The connection does not answer.",
    "internal": "Something went wrong on our side.",
}
# What a refusal before authentication closes the socket with, by the error's HTTP status.
CLOSE_CODES = {403: 4403, 404: 4404, 413: 4413, 429: 4429, 503: 4503}
# Peers may close with any code.
COUNTED_CODES = frozenset(
    {1000, 1001, 1002, 1005, 1006, 1007, *range(4400, 4405), 4408, 4413, 4429, 4500, 4503}
)

lobby = Lobby()


class Transport(Protocol):
    """What our server tells and does about a socket's connection; other servers offer nothing."""

    def buffered(self) -> int: ...
    def abort(self) -> None: ...
    def write_text(self, text: str) -> None: ...
    def limit_frames(self, size: int) -> None: ...
    def use_last_words(self, words: Callable[[str], str]) -> None: ...


class SocketConsumer(AsyncWebsocketConsumer):
    """One socket; protocols fill in ``authenticate``, ``welcome``, ``on_frame``, ``disconnect``."""

    protocol = "unknown"
    auth_type = "auth"
    auth_deadline: float | None = 5.0
    frame_limit_before_auth = 8 * 1024
    frame_limit = 64 * 1024
    # What it says when nobody else does, by the error's code.
    messages = MESSAGES
    malformed_limit, malformed_seconds = 5, 60.0
    rate_limit, rate_seconds = 60, 10.0
    buffer_limit = 256 * 1024
    # How many events may wait for what must be told before them.
    held_limit = 1_000

    def __init__(self) -> None:
        super().__init__()
        self.authenticated = False
        self.closed = False
        self.close_code = 1006
        self.transport: Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadline: asyncio.TimerHandle | None = None
        self._lobby_address = ""
        self._frames = Window(self.rate_limit, self.rate_seconds)
        self._malformed = Window(self.malformed_limit, self.malformed_seconds)

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.scope, self._send, self.base_send = scope, send, self._transmit
        self.transport = scope.get("extensions", {}).get("livechat.transport")
        if self.transport is not None:
            self.transport.use_last_words(self._last_words)
        self._opened_at = time.monotonic()
        metrics.SOCKETS.labels(self.protocol, "no").inc()
        try:
            while not self.closed:
                await self.dispatch(await receive())
        finally:
            await self._clean_up()

    # What subclasses fill in.

    async def on_connect(self) -> None:
        """The socket is open and has said nothing yet."""

    async def authenticate(self, frame: dict[str, Any]) -> None:
        """Check the first frame; raise a LiveChatError to refuse it, which closes the socket."""
        raise Unauthorized

    async def welcome(self, frame: dict[str, Any]) -> None:
        """The first frame was good: answer it and subscribe."""

    async def on_frame(self, frame: dict[str, Any]) -> None:
        """Handle a frame of an authenticated socket; a LiveChatError becomes an error frame."""

    async def on_object(self, frame: dict[str, Any]) -> None:
        """Handle a JSON object, whatever the socket has proved so far."""
        if not self.authenticated:
            await self._authenticate(frame)
        elif frame.get("type") == "ping":
            await self.send_frame({"type": "pong"})
        else:
            await self.on_frame(frame)

    async def on_binary(self, data: bytes) -> None:
        """Handle a binary frame; unless a protocol has any, they are malformed."""
        await self.count_malformed()

    async def disconnect(self, code: int) -> None:
        """The socket is gone: release what it held. Called once, however it ended."""

    def error_frame(self, code: str, message: str, retry_after: int | None) -> Frame:
        """How this protocol spells an error."""
        frame: dict[str, Any] = {"type": "error", "code": code, "message": message}
        if retry_after is not None:
            frame["retryAfter"] = retry_after
        return frame

    # What subclasses use.

    async def send_frame(self, frame: Frame) -> None:
        """Send to this socket, waiting for its reader: for answers and replays."""
        if not self.closed:
            await self._transmit(_message_of(frame))

    def deliver(self, text: str) -> None:
        """Send one broadcast frame and never wait: a reader that does not read is cut off."""
        if self.closed:
            return
        if self.transport is None:
            self.spawn(self.send_frame(text))
        elif self.transport.buffered() > self.buffer_limit:
            logger.info("A socket's reader stalls; cutting it off")
            self.abort()
        else:
            self.transport.write_text(text)

    async def send_error(self, error: LiveChatError) -> None:
        """Tell the client what was wrong; the socket stays open."""
        await self.send_frame(self.error_frame(error.code, error.message, error.retry_after))

    async def fail(
        self, code: str, close_code: int, *, message: str = "", retry_after: int | None = None
    ) -> None:
        """Say why in an error frame, then close; a peer that reads neither is cut off."""
        frame = self.error_frame(code, message or self.messages[code], retry_after)
        await self.end_with(close_code, frame)

    async def fail_with(self, error: LiveChatError) -> None:
        """The same for an error that ends the socket."""
        close_code = CLOSE_CODES.get(error.status, 4401)
        await self.fail(
            error.code, close_code, message=error.message, retry_after=error.retry_after
        )

    async def end_with(self, close_code: int, *last: Frame) -> None:
        """Send the last frames, then close; a peer that does not read is cut off."""
        if self.closed:
            return
        self._end(close_code)
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                for frame in last:
                    await self._transmit(_message_of(frame))
                await self._transmit({"type": "websocket.close", "code": close_code})
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """End the connection now, without a word."""
        self._end(4408)
        if self.transport is not None:
            self.transport.abort()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside the socket's frames, until the socket is gone."""
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def count_malformed(self) -> None:
        """Tell the client that its frame was malformed; the sixth within a minute is the last."""
        if self._malformed.hit():
            await self.send_frame(
                self.error_frame("malformed_frame", self.messages["malformed_frame"], None)
            )
        else:
            await self.fail("malformed_frame", 4400)

    # What the server says.

    async def dispatch(self, message: Message) -> None:
        match message["type"]:
            case "websocket.connect":
                await self._guard(self._open())
            case "websocket.receive":
                await self._guard(self._read(message))
            case "websocket.disconnect":
                self._end(message.get("code") or 1005)
            case "livechat.oversized":
                await self.fail("too_large", 4413)
            case "livechat.drain":
                await self.fail("draining", 4503)

    async def _open(self) -> None:
        entered = await self._enter_lobby()
        await self.accept()
        if not entered:
            await self.fail("too_many_sockets", 4429, retry_after=5)
            return
        self._limit_frames(self.frame_limit_before_auth)
        if self.auth_deadline is not None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self.auth_deadline, self._on_deadline)
        await self.on_connect()

    async def _read(self, message: Message) -> None:
        text = message.get("text")
        if not self._frames.hit():
            await self.fail("rate_limited", 4429, retry_after=self._frames.seconds_left())
        elif self._is_too_large(text if text is not None else message["bytes"]):
            await self.fail("too_large", 4413)
        elif text is None:
            await self.on_binary(message["bytes"])
        else:
            await self._read_text(text)

    async def _read_text(self, text: str) -> None:
        try:
            frame = strict_json.loads_object(text)
        except BadRequest:
            await self.count_malformed()
        else:
            await self._handle(frame)

    async def _handle(self, frame: dict[str, Any]) -> None:
        if frame.get("type") == "ping":
            await self.on_object(frame)
        else:
            with tracing.span("frame", {"livechat.protocol": self.protocol}):
                await self.on_object(frame)

    async def _authenticate(self, frame: dict[str, Any]) -> None:
        self._stop_deadline()
        try:
            if self.auth_type and frame.get("type") != self.auth_type:
                raise Unauthorized(f"The first frame must be {self.auth_type}.")
            await self.authenticate(frame)
        except LiveChatError as error:
            await self.fail_with(error)
        else:
            self.admit()
            await self.welcome(frame)

    def admit(self) -> None:
        """From here on the socket counts as authenticated, and its frames anew."""
        if not self.authenticated:
            self._frames = Window(self.rate_limit, self.rate_seconds)
            metrics.SOCKETS.labels(self.protocol, "no").dec()
            metrics.SOCKETS.labels(self.protocol, "yes").inc()
        self.authenticated = True
        self._stop_deadline()
        self._leave_lobby()
        self._limit_frames(self.frame_limit)

    async def _enter_lobby(self) -> bool:
        places = settings.UNAUTHENTICATED_SOCKETS_PER_IP
        if not places:
            return True
        address = ip_bucket(client_ip(self.scope))
        if not await lobby.enter(address, places=places):
            return False
        self._lobby_address = address
        return True

    def _leave_lobby(self) -> None:
        if self._lobby_address:
            lobby.leave(self._lobby_address)
            self._lobby_address = ""

    def _limit_frames(self, size: int) -> None:
        if self.transport is not None:
            self.transport.limit_frames(size)

    def _is_too_large(self, data: str | bytes) -> bool:
        limit = self.frame_limit if self.authenticated else self.frame_limit_before_auth
        if not isinstance(data, str) or data.isascii():
            return len(data) > limit
        return len(data) > limit or len(data.encode()) > limit

    def _last_words(self, code: str) -> str:
        return str(_message_of(self.error_frame(code, self.messages[code], None))["text"])

    def _on_deadline(self) -> None:
        self.spawn(self.fail("auth_timeout", 4401))

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self, close_code: int) -> None:
        """Note that the socket has ended, and what ended it first."""
        if not self.closed:
            self.closed, self.close_code = True, close_code

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except LiveChatError as error:
            await self.send_error(error)
        except FAILURES as error:
            # It may be half done. Whoever comes back begins from what is stored.
            await self.fail_with(outage(error))
        except Exception:
            # A frame that we cannot handle must not take its neighbours' process down.
            logger.exception("A socket's frame could not be handled")
            await self.fail("internal", 4500)

    async def _transmit(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            # The peer is gone; servers say so to whoever still sends.
            self._end(1006)

    async def _clean_up(self) -> None:
        self._end(1006)
        self._count_end()
        self._stop_deadline()
        self._leave_lobby()
        for task in tuple(self._tasks):
            task.cancel()
        try:
            await self.disconnect(self.close_code)
        except Exception:
            logger.exception("A socket could not be cleaned up")
        seconds = time.monotonic() - self._opened_at
        logger.info(
            "Socket %s closed with %s after %.1f s", self.scope["path"], self.close_code, seconds
        )

    def _count_end(self) -> None:
        code = str(self.close_code) if self.close_code in COUNTED_CODES else "other"
        metrics.SOCKETS.labels(self.protocol, "yes" if self.authenticated else "no").dec()
        metrics.SOCKET_CLOSES.labels(self.protocol, code).inc()


class Window:
    """Counts what happens within a stretch of time; small, as every socket has two."""

    __slots__ = ("_count", "_ends_at", "_limit", "_seconds")

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._count, self._ends_at = 0, 0.0

    def hit(self) -> bool:
        """Count one more; False when it is one too many."""
        now = time.monotonic()
        if now >= self._ends_at:
            self._count, self._ends_at = 0, now + self._seconds
        self._count += 1
        return self._count <= self._limit

    def seconds_left(self) -> int:
        return max(1, round(self._ends_at - time.monotonic()))


def _message_of(frame: Frame) -> Message:
    if isinstance(frame, bytes):
        return {"type": "websocket.send", "bytes": frame}
    return {"type": "websocket.send", "text": frame if isinstance(frame, str) else encode(frame)}
