"""The messages of Anthropic."""

import httpx2
from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from assistants.providers.accounts import Account


def client(account: Account, http: httpx2.AsyncClient) -> AnthropicProvider:
    made = AsyncAnthropic(
        api_key=account.key or "none",
        base_url=account.base_url,
        http_client=http,
        # Another model is asked rather than waiting for as long as this one wishes.
        max_retries=0,
    )
    return AnthropicProvider(anthropic_client=made)


model = AnthropicModel
