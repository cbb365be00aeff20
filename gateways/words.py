"""A message as one text, for protocols that have no place for more; pure, as their codecs are."""

from collections.abc import Iterable, Mapping
from typing import Any

Message = Mapping[str, Any]

# Few enough that a frame of them, whatever they are, fits into a socket's buffer with room for what
# is told behind it. What stands around each text counts as well.
HISTORY_CHARACTERS = 50_000
CHARACTERS_AROUND = 100


def words(message: Message) -> str:
    """Its text, and a line for each choice and each file."""
    choices = [f"- {choice}" for choice in message["choices"]]
    files = [f"[{file['name']}]" for file in message["attachments"]]
    return "\n".join(filter(None, [message["text"], *choices, *files]))


def latest(messages: Iterable[Message]) -> list[Message]:
    """As many of them, latest first, as one frame should hold; at least one. Oldest first."""
    kept: list[Message] = []
    left = HISTORY_CHARACTERS
    for message in messages:
        left -= len(words(message)) + CHARACTERS_AROUND
        if left < 0 and kept:
            break
        kept.append(message)
    return kept[::-1]
