"""The chat completions of OpenAI, and of all servers that are compatible with them."""

from openai import AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

client = AsyncOpenAI
model = OpenAIChatModel


def provider(made: AsyncOpenAI) -> OpenAIProvider:
    return OpenAIProvider(openai_client=made)
