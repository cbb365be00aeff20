"""The messages of Anthropic."""

import httpx2
from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.settings import ModelSettings

from assistants.providers import patience
from assistants.providers.accounts import Account


def model(name: str, account: Account, http: httpx2.AsyncClient) -> AnthropicModel:
    made = AsyncAnthropic(
        # A server that asks for no key is sent one that opens nothing.
        api_key=account.key or "none",
        base_url=account.base_url,
        http_client=http,
        # Another model is asked rather than waiting for as long as this one wishes.
        max_retries=0,
    )
    settings = ModelSettings(
        request_timeout=patience.REQUEST_SECONDS, first_event_timeout=patience.FIRST_WORD_SECONDS
    )
    return AnthropicModel(
        name, provider=AnthropicProvider(anthropic_client=made), settings=settings
    )
