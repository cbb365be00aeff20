"""Language models of a tenant's providers, ready to be asked. Imported in the worker only."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import httpx2
from anthropic import AsyncAnthropic
from jsonschema import Draft202012Validator
from openai import AsyncOpenAI
from pydantic_ai import direct
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from assistants.events import Usage
from assistants.models import Provider
from assistants.provider_check import base_url
from assistants.versions import VersionSnapshot
from tenants.errors import LiveChatError
from tenants.executor import run_in_db_thread
from tenants.outbound import guarded_client
from tenants.scope import tenant_scope

MAX_TOKENS = 1_000
FIRST_WORD_SECONDS = 20.0
REQUEST_SECONDS = 45.0
CLIENTS = 64
CHARACTERS_PER_TOKEN = 4
JSON_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
# The first that fits names the failure, for the team and for the log.
FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (ModelRateLimitError, "rate_limited"),
    (ModelQuotaExceededError, "quota_exceeded"),
    (ModelAuthenticationError, "key_refused"),
    (ModelNotFoundError, "model_not_found"),
    (ModelContextWindowExceededError, "too_long"),
    (ModelRequestRejectedError, "request_refused"),
    (ModelRequestTimeout, "timeout"),
    (ModelTimeoutError, "timeout"),
    (ModelConnectionError, "unreachable"),
    (ModelUnavailableError, "unavailable"),
    (ModelServerError, "server_error"),
    (ModelHTTPError, "server_error"),
    (ModelAPIError, "server_error"),
    (TimeoutError, "timeout"),
    (httpx2.HTTPError, "unreachable"),
    (AgentRunError, "malformed"),
    (ValueError, "malformed"),
)


class ProviderError(Exception):
    """A provider did not answer, or with nothing of use; ``code`` says why in one word."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Candidate:
    """One model that may answer; its price is known only at the vendor's own address."""

    model: Model
    name: str
    has_list_price: bool


@contextmanager
def provider_errors() -> Iterator[None]:
    """Raise whatever goes wrong with a provider as ProviderError."""
    try:
        yield
    except LiveChatError as error:
        # The address may not be called, or sent too much.
        raise ProviderError(error.code) from error
    except tuple(kind for kind, _ in FAILURES) as error:
        code = next(code for kind, code in FAILURES if isinstance(error, kind))
        raise ProviderError(code) from error


async def candidates(version: VersionSnapshot) -> list[Candidate]:
    """The version's model and then its fallback. Raises ProviderError when it has neither."""
    wanted = (
        (version.provider_id, version.model),
        (version.fallback_provider_id, version.fallback_model),
    )
    accounts = await run_in_db_thread(_accounts, version)
    found = [
        _candidate(accounts[provider_id], model)
        for provider_id, model in wanted
        if provider_id in accounts and model
    ]
    if not found:
        raise ProviderError("not_configured")
    return found


async def complete_json(
    version: VersionSnapshot, *, instructions: str, text: str, schema: Mapping[str, Any]
) -> tuple[dict[str, Any], Usage]:
    """One answer that fits ``schema``, from the first model that gives one.

    Raises ProviderError.
    """
    shape = json.dumps(schema)
    told = f"{instructions}\n\nAnswer with one JSON object and nothing else. Its schema:\n{shape}"
    failure = ProviderError("not_configured")
    for candidate in await candidates(version):
        request = ModelRequest.user_text_prompt(text, instructions=told)
        try:
            with provider_errors():
                response = await direct.model_request(
                    candidate.model, [request], model_settings=settings(temperature=0.0)
                )
                found = _json_object(response.text or "", schema)
        except ProviderError as error:
            failure = error
        else:
            return found, usage_of(candidate, response, [request])
    raise failure


def settings(*, temperature: float | None) -> ModelSettings:
    chosen = ModelSettings(
        max_tokens=MAX_TOKENS,
        request_timeout=REQUEST_SECONDS,
        first_event_timeout=FIRST_WORD_SECONDS,
    )
    return chosen if temperature is None else ModelSettings(**chosen, temperature=temperature)


def usage_of(
    candidate: Candidate, response: ModelResponse, asked: list[ModelMessage] | list[ModelRequest]
) -> Usage:
    """What a response cost; where the provider did not tell, as many tokens as texts suggest."""
    told = response.usage
    is_estimated = not (told.input_tokens or told.output_tokens)
    if is_estimated:
        told = RequestUsage(input_tokens=_estimate(asked), output_tokens=_estimate([response]))
    return Usage(
        model=candidate.name,
        input_tokens=told.input_tokens,
        output_tokens=told.output_tokens,
        cost=_cost(candidate, response),
        is_estimated=is_estimated,
    )


def _cost(candidate: Candidate, response: ModelResponse) -> Decimal | None:
    if not candidate.has_list_price:
        return None
    try:
        return response.cost().total_price
    except (LookupError, ValueError):
        return None


def _estimate(messages: list[Any]) -> int:
    characters = sum(len(str(part)) for message in messages for part in _texts(message))
    return -(-characters // CHARACTERS_PER_TOKEN)


def _texts(message: Any) -> Iterator[object]:
    if isinstance(message, ModelRequest) and message.instructions:
        yield message.instructions
    for part in message.parts:
        yield getattr(part, "content", None) or getattr(part, "args", None) or ""


def _json_object(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    found = JSON_OBJECT.search(text)
    value = json.loads(found.group()) if found else None
    if not isinstance(value, dict) or not Draft202012Validator(schema).is_valid(value):
        raise ValueError("The answer is not the JSON that was asked for.")
    return value


def _accounts(version: VersionSnapshot) -> dict[UUID, "Account"]:
    ids = [pk for pk in (version.provider_id, version.fallback_provider_id) if pk]
    with tenant_scope(version.tenant_id):
        rows = Provider.objects.filter(pk__in=ids)
        return {row.pk: Account(row.kind, row.base_url, row.key) for row in rows}


@dataclass(frozen=True)
class Account:
    kind: str
    base_url: str
    key: str

    @property
    def has_list_price(self) -> bool:
        return self.kind != Provider.Kind.COMPATIBLE and not self.base_url

    def __repr__(self) -> str:
        digest = sha256(self.key.encode()).hexdigest()[:8]
        return f"Account({self.kind}, {self.base_url}, {digest})"


def _candidate(account: Account, model: str) -> Candidate:
    client = _clients().of(account)
    made: Model
    if isinstance(client, AsyncAnthropic):
        made = AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))
    else:
        made = OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))
    return Candidate(made, model, account.has_list_price)


class Clients:
    """The one pool of connections of an event loop, and the vendors' clients that share it."""

    def __init__(self) -> None:
        self._http = guarded_client(max_seconds=REQUEST_SECONDS)
        self.of = lru_cache(maxsize=CLIENTS)(self._make)

    def _make(self, account: Account) -> AsyncOpenAI | AsyncAnthropic:
        make = AsyncAnthropic if account.kind == Provider.Kind.ANTHROPIC else AsyncOpenAI
        return make(
            # A server that asks for no key is sent one that opens nothing.
            api_key=account.key or "none",
            base_url=base_url(account.kind, account.base_url),
            http_client=self._http,
            max_retries=1,
        )


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Clients] = WeakKeyDictionary()


def _clients() -> Clients:
    return _by_loop.setdefault(asyncio.get_running_loop(), Clients())
