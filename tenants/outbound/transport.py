"""The guarded connection: it looks a name up once, checks every address, and calls one of them."""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from ipaddress import ip_address

import httpcore2
import httpx2

from tenants.errors import LiveChatError, TooLarge
from tenants.outbound.addresses import check_url, is_internal, is_public, private

MAX_BYTES = 10 * 1024 * 1024
MAX_SECONDS = 120.0
# Whoever calls bounds how much is done at once: nobody waits for the connection of another.
CONNECTIONS, IDLE_CONNECTIONS, IDLE_SECONDS = 1_000, 20, 5.0
COMPRESSED = {"gzip", "x-gzip", "deflate"}
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
# Of our own, so that a name server which does not answer holds up nobody who waits for the loop.
_lookups = ThreadPoolExecutor(16, thread_name_prefix="lookup")


class GuardedTransport(httpx2.AsyncBaseTransport):
    """For an ``httpx2.AsyncClient`` that calls addresses which tenants chose.

    Each request, and thereby each redirect, is checked anew; no proxy is used. An answer may have
    ``max_bytes`` when it is unpacked, and take ``max_seconds`` in all. Raises BadRequest
    ``url_not_allowed``, TooLarge ``answer_too_large``, and httpx2's own errors.
    """

    def __init__(
        self,
        *,
        allow_http: bool = False,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
        network: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow_http = allow_http
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl_context or _ssl_context(),
            network_backend=CheckedNetwork(network or httpcore2.AnyIOBackend()),
            max_connections=CONNECTIONS,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = check_url(request.url, allow_http=self._allow_http)
        # Packed answers are unpacked all the same, within the bound, if a server insists.
        request.headers["Accept-Encoding"] = "identity"
        deadline = asyncio.get_running_loop().time() + self._max_seconds
        with _httpx2_errors():
            async with asyncio.timeout_at(deadline):
                answer = await self._pool.handle_async_request(_core_request(request, url))
        headers = httpx2.Headers(answer.headers)
        body = Body(answer, max_bytes=self._max_bytes, deadline=deadline, unpack=_unpacker(headers))
        return httpx2.Response(
            answer.status, headers=headers, stream=body, extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections to public addresses only, and to the very addresses that were checked.

    The pool above goes on naming the host, so that the Host header and the certificate are its.
    """

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
        failure: Exception = httpcore2.ConnectError("The host has no address.")
        for address in await _checked_addresses(host, port):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Body(httpx2.AsyncByteStream):
    """An answer's content, unpacked, which ends with an error at its bounds."""

    def __init__(
        self,
        answer: httpcore2.Response,
        *,
        max_bytes: int,
        deadline: float,
        unpack: "zlib._Decompress | None",
    ) -> None:
        self._answer = answer
        self._left = max_bytes
        self._deadline = deadline
        self._unpack = unpack

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._answer.stream, AsyncIterable)
        now = asyncio.get_running_loop().time
        with _httpx2_errors():
            async for chunk in self._answer.stream:
                # A timer for each chunk would cost more than all the rest. Silence is ended by the
                # client's own time-out for a single read.
                if now() > self._deadline:
                    raise TimeoutError
                yield self._bounded(chunk)

    async def aclose(self) -> None:
        await self._answer.aclose()

    def _bounded(self, chunk: bytes) -> bytes:
        if self._unpack:
            # One byte more than may come tells that there is more, and no more is unpacked.
            chunk = self._unpack.decompress(chunk, self._left + 1)
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge("The server's answer is too large.", code="answer_too_large")
        return chunk


async def _checked_addresses(host: str, port: int) -> list[str]:
    """All addresses of a host. One that is not public spoils the others: it may be next."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_lookups, _look_up, host, port)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError("There is no server with this name.") from error
    if not is_internal(host, port) and not all(is_public(ip_address(each)) for each in found):
        raise private(host)
    return found


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _core_request(request: httpx2.Request, url: httpx2.URL) -> httpcore2.Request:
    return httpcore2.Request(
        method=request.method,
        url=httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=_sent(request.stream),
        extensions=request.extensions,
    )


def _sent(stream: object) -> AsyncIterable[bytes]:
    assert isinstance(stream, AsyncIterable)
    return stream


def _unpacker(headers: httpx2.Headers) -> "zlib._Decompress | None":
    """What unpacks an answer with these headers, from which the fact is struck."""
    names: Iterable[str] = headers.get("Content-Encoding", "").lower().split(",")
    packed = [name.strip() for name in names if name.strip() not in ("", "identity")]
    if not packed:
        return None
    if len(packed) > 1 or packed[0] not in COMPRESSED:
        raise httpx2.DecodingError(f"The answer is packed as {packed}.")
    del headers["Content-Encoding"]
    headers.pop("Content-Length", None)
    return zlib.decompressobj(GZIP_OR_ZLIB)


@contextmanager
def _httpx2_errors() -> Iterator[None]:
    """Turn the pool's errors into those that users of httpx2 know: each has its name there."""
    try:
        yield
    except LiveChatError:
        raise
    except TimeoutError as error:
        raise httpx2.ReadTimeout("The answer took too long.") from error
    except zlib.error as error:
        raise httpx2.DecodingError(str(error)) from error
    except Exception as error:
        known = getattr(httpx2, type(error).__name__, None)
        if not type(error).__module__.startswith("httpcore2") or known is None:
            raise
        raise known(str(error)) from error


@cache
def _ssl_context() -> ssl.SSLContext:
    """The authorities that the system trusts, or SSL_CERT_FILE's; to read them takes time."""
    return httpx2.create_ssl_context()
