"""Reading what stands at an address, with reasons that an owner can act on if that fails."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpcore2
import httpx2

from tenants.errors import BadRequest, LiveChatError, TooLarge, Unavailable
from tenants.outbound.addresses import NOT_WHOLE, refused
from tenants.outbound.transport import MAX_BYTES, GuardedTransport

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_SECONDS = 20.0
CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class Fetched:
    """What a server answered; ``url`` is the last one after redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def guarded_client(
    *,
    max_seconds: float = MAX_SECONDS,
    allow_http: bool = False,
    max_bytes: int = MAX_BYTES,
    network: httpcore2.AsyncNetworkBackend | None = None,
) -> httpx2.AsyncClient:
    """A client that takes nothing from the environment and follows no redirect by itself."""
    return httpx2.AsyncClient(
        transport=GuardedTransport(
            allow_http=allow_http, max_bytes=max_bytes, max_seconds=max_seconds, network=network
        ),
        timeout=httpx2.Timeout(max_seconds, connect=min(CONNECT_SECONDS, max_seconds)),
        follow_redirects=False,
        trust_env=False,
    )


async def get(
    client: httpx2.AsyncClient,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    max_bytes: Callable[[Fetched], int] | None = None,
    redirects: int = 0,
) -> Fetched:
    """Read one address, following so many redirects, each of which is checked as the first.

    ``max_bytes`` says what an answer may have whose ``content`` has not come yet; with 0 it is left
    unread. Raises a LiveChatError: ``url_not_allowed``, ``answer_too_large``, ``fetch_timeout``,
    ``fetch_failed`` or ``too_many_redirects``.
    """
    answer = await _get_once(client, url, headers=headers or {}, max_bytes=max_bytes)
    for _ in range(redirects):
        target = redirect_of(answer)
        if target is None:
            return answer
        answer = await _get_once(client, target, headers=headers or {}, max_bytes=max_bytes)
    if redirects and redirect_of(answer):
        raise BadRequest("The address leads on and on.", code="too_many_redirects")
    return answer


def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    allow_http: bool = False,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
    redirects: int = 0,
) -> Fetched:
    """The same for synchronous code that may wait, such as a task of the worker."""

    async def once() -> Fetched:
        client = guarded_client(max_seconds=max_seconds, allow_http=allow_http, max_bytes=max_bytes)
        async with client:
            return await get(client, url, headers=headers, redirects=redirects)

    return asyncio.run(once())


def redirect_of(answer: Fetched) -> str | None:
    """Where an answer leads on to."""
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        return str(httpx2.URL(answer.url).join(location))
    except httpx2.InvalidURL:
        raise refused("The address leads on to one that is none.") from None


async def _get_once(
    client: httpx2.AsyncClient,
    url: str,
    *,
    headers: Mapping[str, str],
    max_bytes: Callable[[Fetched], int] | None,
) -> Fetched:
    try:
        async with client.stream("GET", url, headers=headers) as response:
            head = Fetched(url, response.status_code, response.headers, b"")
            limit = MAX_BYTES if max_bytes is None else max_bytes(head)
            content = await _content(response, limit) if limit else b""
    except httpx2.InvalidURL:
        raise refused(NOT_WHOLE) from None
    except httpx2.HTTPError as error:
        raise _reason(error) from error
    return Fetched(url, head.status, head.headers, content)


async def _content(response: httpx2.Response, limit: int) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > limit:
            raise TooLarge("The server's answer is too large.", code="answer_too_large")
    return bytes(content)


def _reason(error: Exception) -> LiveChatError:
    if isinstance(error, httpx2.TimeoutException):
        return Unavailable("The server did not answer in time.", code="fetch_timeout")
    if "CERTIFICATE" in str(error).upper():
        return Unavailable("The server's certificate is not valid.", code="fetch_failed")
    if isinstance(error, httpx2.ConnectError):
        return Unavailable(
            "The server cannot be reached; check the address, and whether it runs.",
            code="fetch_failed",
        )
    return Unavailable("The server's answer cannot be understood.", code="fetch_failed")
