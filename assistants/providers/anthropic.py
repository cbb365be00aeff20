"""The messages of Anthropic."""

from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

client = AsyncAnthropic
model = AnthropicModel


def provider(made: AsyncAnthropic) -> AnthropicProvider:
    return AnthropicProvider(anthropic_client=made)
