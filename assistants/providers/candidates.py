"""The models that may answer for a version, ready to be asked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from assistants.models import Provider
from assistants.providers.accounts import Account
from assistants.providers.errors import ProviderError
from assistants.versions import VersionSnapshot
from tenants.outbound import guarded_client

# Loaded when they are needed: each vendor's library weighs some 25 MiB.
WIRES: dict[str, str] = {
    Provider.Kind.OPENAI: "assistants.providers.openai",
    Provider.Kind.COMPATIBLE: "assistants.providers.openai",
    Provider.Kind.ANTHROPIC: "assistants.providers.anthropic",
}
MAX_TOKENS = 1_000
FIRST_WORD_SECONDS = 20.0
REQUEST_SECONDS = 45.0
CLIENTS = 64


@dataclass(frozen=True)
class Candidate:
    """One model; its price is known only at the vendor's own address."""

    model: Model
    name: str
    has_list_price: bool


async def candidates(version: VersionSnapshot, accounts: Mapping[UUID, Account]) -> list[Candidate]:
    """The version's model and then its fallback. Raises ProviderError when it has neither."""
    wanted = (
        (version.provider_id, version.model),
        (version.fallback_provider_id, version.fallback_model),
    )
    found = [
        await _candidate(accounts[provider_id], name)
        for provider_id, name in wanted
        if provider_id is not None and provider_id in accounts and name
    ]
    if not found:
        raise ProviderError("not_configured")
    return found


def settings(*, temperature: float | None) -> ModelSettings:
    chosen = ModelSettings(
        max_tokens=MAX_TOKENS,
        request_timeout=REQUEST_SECONDS,
        first_event_timeout=FIRST_WORD_SECONDS,
    )
    return chosen if temperature is None else ModelSettings(**chosen, temperature=temperature)


async def _candidate(account: Account, name: str) -> Candidate:
    # In a thread, since others are being answered while a library is loaded.
    wire = await asyncio.to_thread(import_module, WIRES[account.kind])
    client = _clients().of(account, wire)
    return Candidate(wire.model(name, provider=client), name, account.has_list_price)


class Clients:
    """The one pool of connections of an event loop, and the vendors' clients that share it."""

    def __init__(self) -> None:
        self._http = guarded_client(max_seconds=REQUEST_SECONDS)
        self.of = lru_cache(maxsize=CLIENTS)(self._make)

    def _make(self, account: Account, wire: Any) -> Any:
        made = wire.client(
            # A server that asks for no key is sent one that opens nothing.
            api_key=account.key or "none",
            base_url=account.base_url,
            http_client=self._http,
            # Another model is asked rather than waiting for as long as this one wishes.
            max_retries=0,
        )
        return wire.provider(made)


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Clients] = WeakKeyDictionary()


def _clients() -> Clients:
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        _by_loop[loop] = Clients()
    return _by_loop[loop]
