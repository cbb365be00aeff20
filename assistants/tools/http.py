"""Calls of a tenant's server: what is sent, what may be repeated, and what is known afterwards."""

import asyncio
import json
import random
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from uuid import UUID

import httpx2

from assistants.models import Tool
from assistants.toolbox import ToolSnapshot, UnknownOutcome
from assistants.tools.headers import parse_headers
from assistants.tools.results import ERROR_CHARACTERS, shortened, told
from tenants.errors import LiveChatError
from tenants.outbound import guarded_client
from tenants.per_loop import PerLoop

READ_BYTES = 256 * 1024
LONGEST_SECONDS = 60.0
CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 0.4
LONGEST_PAUSE = 5
NOT_ALLOWED = "The tool's address cannot be called."
# Before the first byte of a request has left.
UNSENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)


class CallFailed(Exception):
    """The call came to nothing, and changed nothing; the text tells the model why."""


@dataclass(eq=False)
class Trouble(Exception):
    """Why one attempt failed; ``pause`` is how long to wait before another, None for none."""

    reason: str
    may_have_happened: bool
    pause: float | None = None


async def call(
    tool: ToolSnapshot, args: dict[str, Any], *, key: str, conversation_id: UUID, headers: str
) -> str:
    """What the tenant's server answered, as text for the model.

    ``key`` is the same whenever the call is the same, ``headers`` are the tool's secret ones.
    Raises CallFailed, and UnknownOutcome for a call that writes and may have arrived.
    """
    retries = tool.retries if tool.risk == Tool.Risk.READ else 0
    sent = {
        **_secrets(headers),
        "Accept": "application/json, text/plain;q=0.9, */*;q=0.5",
        "User-Agent": "LiveChat",
        "Idempotency-Key": key,
        "X-LiveChat-Conversation": str(conversation_id),
    }
    while True:
        try:
            return await _attempt(tool, args, sent)
        except Trouble as trouble:
            if not retries or trouble.pause is None:
                raise _verdict(tool, trouble) from trouble
            retries -= 1
            await asyncio.sleep(trouble.pause)


async def close() -> None:
    """Close this loop's connections; calls that follow open new ones."""
    client = _clients.take()
    if client is not None:
        await client.aclose()


def new_client() -> httpx2.AsyncClient:
    """A client that goes only where tenants may send us, and carries nothing from call to call."""
    client = guarded_client(max_seconds=LONGEST_SECONDS, max_bytes=4 * READ_BYTES)
    client.cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return client


_clients = PerLoop(new_client)


def _secrets(lines: str) -> dict[str, str]:
    try:
        return parse_headers(lines)
    except LiveChatError as error:
        raise CallFailed("The tool's headers are not valid.") from error


def _verdict(tool: ToolSnapshot, trouble: Trouble) -> Exception:
    if tool.risk != Tool.Risk.READ and trouble.may_have_happened:
        return UnknownOutcome(trouble.reason)
    return CallFailed(trouble.reason)


async def _attempt(tool: ToolSnapshot, args: dict[str, Any], headers: dict[str, str]) -> str:
    try:
        async with asyncio.timeout(tool.timeout_seconds):
            async with _clients.get().stream(**_request(tool, args), headers=headers) as response:
                text = await _read(response)
    except httpx2.InvalidURL as error:
        raise Trouble(NOT_ALLOWED, False) from error
    except LiveChatError as error:
        # The way out refuses addresses before they are called, answers only afterwards.
        was_called = error.code != "url_not_allowed"
        raise Trouble(error.message if was_called else NOT_ALLOWED, was_called) from error
    except UNSENT as error:
        raise Trouble("The server could not be reached.", False, _pause()) from error
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise Trouble("The server did not answer in time.", True, _pause()) from error
    except httpx2.RequestError as error:
        raise Trouble("The connection broke.", True, _pause()) from error
    if response.is_success:
        return told(text)
    raise _refusal(response, text)


def _request(tool: ToolSnapshot, args: dict[str, Any]) -> dict[str, Any]:
    """What a call consists of, headers aside; it connects within part of its time."""
    seconds = tool.timeout_seconds
    timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, 0.8 * seconds))
    request = {"method": tool.method, "url": httpx2.URL(tool.url), "timeout": timeout}
    if tool.method != Tool.Method.GET:
        return {**request, "json": args}
    texts = {name: _query_text(value) for name, value in args.items()}
    return {**request, "url": httpx2.URL(tool.url).copy_merge_params(texts)}


def _query_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def _read(response: httpx2.Response) -> str:
    """The answer as far as anybody reads it; the rest is not even received."""
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) >= READ_BYTES:
            break
    return _decoded(bytes(content[:READ_BYTES]), response.encoding).replace("\0", "").strip()


def _decoded(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        # Charsets that Python knows and that are none, such as hex.
        return content.decode("utf-8", "replace")


def _refusal(response: httpx2.Response, text: str) -> Trouble:
    status = response.status_code
    said = f": {shortened(text, ERROR_CHARACTERS)}" if text else ""
    reason = f"The server answered {status}{said}"
    if status == 429 or status >= 500:
        return Trouble(reason, status >= 500, _pause(response.headers.get("Retry-After")))
    # A redirect, which is not followed, may well be the answer to what was done.
    return Trouble(reason, status < 400)


def _pause(retry_after: str | None = None) -> float | None:
    """How long to wait before another attempt; None if the server wants more than we can wait."""
    if retry_after is None:
        return PAUSE_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 -- jitter
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 2:
        seconds = int(retry_after)
        return float(seconds) if seconds <= LONGEST_PAUSE else None
    return None
