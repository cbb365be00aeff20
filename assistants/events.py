"""What an engine says while it answers; the last words are a Reply or a Handoff."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Usage:
    model: str = ""
    tokens: int = 0


@dataclass(frozen=True)
class TurnStarted:
    engine: str


@dataclass(frozen=True)
class Delta:
    """A piece of the answer as it comes; provisional, the Reply replaces all of them."""

    text: str
    seq: int


@dataclass(frozen=True)
class Reply:
    """The answer. A citation is ``{"title", "url", "sourceId"}``, a choice a text to tap on."""

    text: str
    citations: tuple[dict[str, Any], ...] = ()
    choices: tuple[str, ...] = ()
    confidence: float = 0.0


@dataclass(frozen=True)
class Handoff:
    """A person should go on; ``text`` tells the visitor so."""

    reason: str
    text: str


@dataclass(frozen=True)
class TurnDone:
    outcome: str
    usage: Usage = field(default_factory=Usage)


Event = TurnStarted | Delta | Reply | Handoff | TurnDone
