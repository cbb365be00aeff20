"""The chat completions of OpenAI, and of all servers that are compatible with them."""

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from assistants.providers.accounts import Account


def client(account: Account, http: httpx2.AsyncClient) -> OpenAIProvider:
    made = AsyncOpenAI(
        # A server that asks for no key is sent one that opens nothing.
        api_key=account.key or "none",
        base_url=account.base_url,
        http_client=http,
        # Another model is asked rather than waiting for as long as this one wishes.
        max_retries=0,
    )
    return OpenAIProvider(openai_client=made)


model = OpenAIChatModel
