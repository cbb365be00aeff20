"""What surrounds Django: who asks, how much, over what; and what every answer carries."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from livechat.asgi_types import App, Message, Receive, Scope, Send
from livechat.cors import cors_headers, is_preflight
from livechat.dialects import error_body
from livechat.headers import Header, missing_headers
from livechat.logs import redact
from tenants import context, metrics, rest, strict_json, tracing
from tenants.drain import draining
from tenants.errors import (
    BadRequest,
    Forbidden,
    LiveChatError,
    NotFound,
    RequestTimeout,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from tenants.network import client_ip
from tenants.sharers import asker_of

logger = logging.getLogger("livechat.access")

MAX_BODY_BYTES = 11 * 1024 * 1024
# A body may take so long, and so much longer for each part of this size that has come.
BODY_SECONDS = 30.0
SLOWEST_BYTES_PER_SECOND = 4 * 1024
# How long the rest of a refused body is read, so that its sender lives to see the refusal.
LINGER_SECONDS = 5.0
LOGGED_PATH = 2_000
HEALTH_PATHS = {"/healthz", "/readyz"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class Edge:
    """The outermost application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            with ended_by_drain():
                await self.app(scope, receive, send)
            return
        context.request_id.set(_request_id(scope))
        context.asker.set(asker_of(scope))
        scope["scheme"] = _scheme(scope)
        if scope["type"] == "http":
            await Exchange(self.app, scope, receive, send).run()
        elif scope["scheme"] == "ws" and settings.REQUIRE_HTTPS:
            await send({"type": "websocket.close"})
        else:
            with ended_by_drain():
                await self.app(scope, receive, send)


@contextmanager
def ended_by_drain() -> Iterator[None]:
    """Let work that the server's end cuts short end without an error."""
    try:
        yield
    except asyncio.CancelledError:
        if not draining.is_set():
            raise
        # Or the timeouts of what follows would take their own end for this one.
        if task := asyncio.current_task():
            task.uncancel()


class Exchange:
    """One request and its answer."""

    def __init__(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        self.app, self.scope = app, scope
        self._receive, self._send = receive, send
        self.status = 0
        self.route = ""
        self.received = 0
        self.is_sending = True
        self.is_too_slow = False
        self.started = time.perf_counter()
        self.cors: list[Header] = []

    async def run(self) -> None:
        self.scope["livechat.exchange"] = self
        try:
            with tracing.span("request") as span:
                await self._run()
                span.rename(f"{self.method} {self.route}")
                span.note(
                    {
                        "http.request.method": self.method,
                        "http.route": self.route,
                        "http.response.status_code": self.status,
                        "livechat.request_id": context.request_id.get(),
                    }
                )
        finally:
            # Frees the connection without waiting for the garbage collector.
            del self.scope["livechat.exchange"]

    @property
    def method(self) -> str:
        """The request's method, if it is one that anybody uses."""
        method: str = self.scope["method"]
        return method if method in METHODS else "other"

    async def _run(self) -> None:
        try:
            with ended_by_drain():
                await self._answer()
                return
            await self.refuse(Unavailable(retry_after=1))
        except Exception:
            # Django answers its own errors; whatever gets here must still become an answer.
            logger.exception("A request could not be answered")
            await self.refuse(rest.InternalError())
        finally:
            self._log(time.perf_counter() - self.started)

    async def receive(self) -> Message:
        """Pass the request on; a body too large or slow looks as if its sender had hung up."""
        try:
            async with asyncio.timeout(self._patience()):
                message = await self._receive()
        except TimeoutError:
            self.is_too_slow = True
            return {"type": "http.disconnect"}
        self.is_sending = message.get("more_body", False)
        self.received += len(message.get("body", b""))
        if self.received > MAX_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *self.cors]
            message = {**message, "headers": headers + missing_headers(self.scope, headers)}
        await self._send(message)

    async def refuse(self, error: LiveChatError, *, location: str = "") -> None:
        if self.status:
            return
        body = rest.encode(error_body(self.scope["path"], error))
        more = {"Location": location} if location else rest.error_headers(error)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *((name.lower().encode(), value.encode("ascii")) for name, value in more.items()),
        ]
        status = 301 if location else error.status
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        await self._read_the_rest()
        await self._send({"type": "http.response.body"})

    async def _answer(self) -> None:
        if settings.REQUIRE_HTTPS and self._is_plain():
            await self._demand_https()
            return
        self.cors = await cors_headers(self.scope)
        if is_preflight(self.scope):
            await self.send({"type": "http.response.start", "status": 204})
            await self.send({"type": "http.response.body"})
        elif problem := _problem(self.scope):
            await self.refuse(problem)
        else:
            await self.app(self.scope, self.receive, self.send)
            if self.received > MAX_BODY_BYTES:
                await self.refuse(_too_large())
            elif self.is_too_slow:
                await self.refuse(RequestTimeout())

    def _patience(self) -> float | None:
        """How long the next part of the body may take; what follows a body has time."""
        if not self.is_sending:
            return None
        permitted = BODY_SECONDS + self.received / SLOWEST_BYTES_PER_SECOND
        return self.started + permitted - time.perf_counter()

    def _is_plain(self) -> bool:
        return self.scope["scheme"] == "http" and self.scope["path"] not in HEALTH_PATHS

    async def _demand_https(self) -> None:
        """Send readers to the safe address; a secret in any other request is already out."""
        error = Forbidden("This server is reached over HTTPS only.", code="https_required")
        await self.refuse(error, location=self._https_location())

    def _https_location(self) -> str:
        host = next(_values(self.scope, b"host"), b"").decode("latin-1").lower()
        is_ours = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
        if self.scope["method"] not in ("GET", "HEAD") or not is_ours:
            return ""
        query = self.scope["query_string"].decode("latin-1")
        path = self.scope["raw_path"].decode("latin-1")
        location = f"https://{host}{path}{'?' if query else ''}{query}"
        return location if location.isascii() else ""

    async def _read_the_rest(self) -> None:
        """Not by ``receive``, in which the deadline of a slow body has passed once and for all."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while self.is_sending:
                    self.is_sending = (await self._receive()).get("more_body", False)

    def _log(self, seconds: float) -> None:
        if self.scope["path"] in HEALTH_PATHS:
            return
        status = f"{self.status // 100}xx" if self.status else "none"
        metrics.HTTP_REQUESTS.labels(self.route, self.method, status).observe(seconds)
        query = redact(self.scope["query_string"].decode("latin-1"))
        facts = {
            "method": self.scope["method"],
            "path": (self.scope["path"] + ("?" + query if query else ""))[:LOGGED_PATH],
            "status": self.status,
            "milliseconds": round(seconds * 1000, 1),
            "ip": client_ip(self.scope),
        }
        logger.info("%(method)s %(path)s %(status)s %(milliseconds)s ms", facts, extra=facts)


def note_route(scope: Scope, route: str) -> None:
    """Let the figures of this request stand under its route, in which no names are filled in."""
    if exchange := scope.get("livechat.exchange"):
        exchange.route = route


def _problem(scope: Scope) -> LiveChatError | None:
    """Return why this request goes no further, as far as its headers tell."""
    if "\0" in scope["path"]:
        return NotFound()
    for value in _values(scope, b"content-length"):
        if not value.isdigit() or int(value) > MAX_BODY_BYTES:
            return _too_large()
    try:
        scope["query_string"].decode("utf-8")
        for value in _values(scope, b"content-type"):
            strict_json.require_utf8(value.decode("latin-1"))
    except UnicodeDecodeError:
        return BadRequest("The address is not valid.", code="invalid_address")
    except UnsupportedMediaType as error:
        return error
    return None


def _too_large() -> TooLarge:
    return TooLarge("The request body is too large.", code="body_too_large")


def _request_id(scope: Scope) -> str:
    for value in _values(scope, b"x-request-id"):
        if REQUEST_ID.fullmatch(value):
            return value.decode("ascii")
    return secrets.token_hex(10)


def _scheme(scope: Scope) -> str:
    """Return how the client came to the outermost of our proxies, or to us if there is none."""
    trusted = settings.TRUSTED_PROXY_COUNT
    entries = b",".join(_values(scope, b"x-forwarded-proto")).split(b",")
    entry = entries[-min(trusted, len(entries))].strip().lower() if trusted else b""
    is_secure = entry in (b"https", b"wss") if entry else scope.get("scheme") in ("https", "wss")
    return ("http" if scope["type"] == "http" else "ws") + ("s" if is_secure else "")


def _values(scope: Scope, name: bytes) -> Iterator[bytes]:
    return (value for key, value in scope["headers"] if key == name)
