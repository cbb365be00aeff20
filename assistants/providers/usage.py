"""What a model's answer cost."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.usage import RequestUsage

from assistants.events import Usage
from assistants.providers.candidates import Candidate
from assistants.providers.measuring import count_tokens

CHARACTERS_PER_TOKEN = 4
MOST_TOKENS = 10_000_000


def usage_of(candidate: Candidate, response: ModelResponse, asked: Sequence[ModelMessage]) -> Usage:
    """What a response cost; where the provider did not tell, as many tokens as texts suggest."""
    told = response.usage
    is_estimated = not (told.input_tokens or told.output_tokens)
    if is_estimated:
        told = RequestUsage(input_tokens=_estimate(asked), output_tokens=_estimate([response]))
    usage = Usage(
        model=candidate.name,
        input_tokens=_plausible(told.input_tokens),
        output_tokens=_plausible(told.output_tokens),
        cost=_cost(candidate, response),
        is_estimated=is_estimated,
    )
    count_tokens(candidate.wire, usage)
    return usage


def _plausible(tokens: int) -> int:
    """A count that can be kept, whatever a server says."""
    return min(max(tokens, 0), MOST_TOKENS)


def _cost(candidate: Candidate, response: ModelResponse) -> Decimal | None:
    if not candidate.has_list_price:
        return None
    try:
        return response.cost().total_price
    except (LookupError, ValueError):
        return None


def _estimate(messages: Sequence[Any]) -> int:
    characters = sum(len(str(part)) for message in messages for part in _texts(message))
    return -(-characters // CHARACTERS_PER_TOKEN)


def _texts(message: Any) -> Iterator[object]:
    if isinstance(message, ModelRequest) and message.instructions:
        yield message.instructions
    for part in message.parts:
        yield getattr(part, "content", None) or getattr(part, "args", None) or ""
