"""The models that may answer for a version, ready to be asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import httpx2
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from assistants.loading import loaded
from assistants.models import Provider
from assistants.providers import patience
from assistants.providers.accounts import Account
from assistants.providers.errors import ProviderError
from assistants.versions import VersionSnapshot
from tenants.outbound import guarded_client
from tenants.outbound.pacing import PacedNetwork
from tenants.outbound.sockets import SocketNetwork
from tenants.per_loop import PerLoop

Wire = Callable[[str, Account, httpx2.AsyncClient], Model]

# Loaded when they are needed: a vendor's library weighs some 25 MiB.
WIRES: dict[str, str] = {
    Provider.Kind.OPENAI: "assistants.providers.openai",
    Provider.Kind.COMPATIBLE: "assistants.providers.openai",
    Provider.Kind.ANTHROPIC: "assistants.providers.anthropic",
}
MAX_TOKENS = 1_000
MODELS = 64


@dataclass(frozen=True)
class Candidate:
    """One model; its price is known only at the vendor's own address."""

    model: Model
    wire: str
    name: str
    has_list_price: bool

    def require_end(self, response: ModelResponse) -> None:
        """Raise ProviderError when an answer that was streamed breaks off.

        Without a length, a server that died closes like one that is done; Anthropic's say why
        they stop.
        """
        why = response.finish_reason or (response.provider_details or {}).get("finish_reason")
        if self.wire == Provider.Kind.ANTHROPIC and not why:
            raise ProviderError("unreachable")


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
    chosen = ModelSettings(max_tokens=MAX_TOKENS)
    return chosen if temperature is None else ModelSettings(**chosen, temperature=temperature)


async def _candidate(account: Account, name: str) -> Candidate:
    wire: Wire = await loaded(WIRES[account.kind], "model")
    model = _models.get().of(wire, name, account)
    return Candidate(model, account.kind, name, account.has_list_price)


class Models:
    """The one pool of connections of an event loop, and the models that share it."""

    def __init__(self) -> None:
        network = PacedNetwork(SocketNetwork())
        self._http = guarded_client(max_seconds=patience.REQUEST_SECONDS, network=network)
        self.of = lru_cache(maxsize=MODELS)(self._make)

    def _make(self, wire: Wire, name: str, account: Account) -> Model:
        return wire(name, account, self._http)


_models = PerLoop(Models)
