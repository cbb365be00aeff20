"""What an engine says while it answers; the last words are a Reply, a Handoff or a Pause."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from assistants.toolbox import ToolRequest


@dataclass(frozen=True)
class Usage:
    """What work cost: US dollars, None where no price is known.

    ``is_estimated`` when the provider did not tell the tokens and they were counted from the texts.
    """

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    is_estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """The sum; a price that is not known makes the whole unknown."""
        known = [one.cost for one in (self, other) if one.tokens]
        return Usage(
            model=other.model or self.model,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=None if None in known else sum(filter(None, known), Decimal()),
            is_estimated=self.is_estimated or other.is_estimated,
        )

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def unpriced_tokens(self) -> int:
        """The tokens that ``cost`` says nothing about."""
        return self.tokens if self.cost is None else 0


@dataclass(frozen=True)
class TurnStarted:
    engine: str


@dataclass(frozen=True)
class Delta:
    """A piece of the answer as it comes; provisional, the Reply replaces all of them.

    A new ``draft`` begins the answer anew: after a tool was called, or when another model goes on.
    """

    text: str
    seq: int
    draft: int = 0


@dataclass(frozen=True)
class Spent:
    """What this run has cost so far, for turns that end before their time.

    A turn that was paused goes on in another run; what the earlier one cost is booked already.
    """

    usage: Usage


@dataclass(frozen=True)
class Qualified:
    """The contact is worth the team's while, and why; applied when the answer is posted."""

    details: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The conversation is to be closed once the answer is posted."""


@dataclass(frozen=True)
class Understood:
    """The language that the visitor writes; kept when the answer is posted."""

    language: str


@dataclass(frozen=True)
class Reply:
    """The answer. A citation is ``{"title", "url", "sourceId"}``, a choice a text to tap on.

    It ``answers`` the question, or could only ask back or offer titles.
    """

    text: str
    citations: tuple[dict[str, Any], ...] = ()
    choices: tuple[str, ...] = ()
    confidence: float = 0.0
    answers: bool = True


@dataclass(frozen=True)
class Handoff:
    """A person should go on; ``text`` tells the visitor so, ``summary`` tells the team why."""

    reason: str
    text: str
    summary: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether it was no decision but a fault: its reason is ``error:`` and a word."""
        return self.reason.startswith("error:")


@dataclass(frozen=True)
class Pause:
    """Somebody else must act first: the visitor's page, or a member who approves.

    ``state`` is JSON from which any process goes on, in ``Question.paused``.
    """

    state: dict[str, Any]
    requests: tuple[ToolRequest, ...]


@dataclass(frozen=True)
class TurnDone:
    outcome: str
    usage: Usage = field(default_factory=Usage)


Event = (
    TurnStarted
    | Delta
    | Spent
    | Qualified
    | Ended
    | Understood
    | Reply
    | Handoff
    | Pause
    | TurnDone
)
