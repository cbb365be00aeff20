"""The shape of an analysis, whoever made it."""

from typing import TypedDict

MOST_INTENTS = 5
SENTIMENTS = ("positive", "neutral", "negative")
ENGINES = ("local", "model")
# Below it a message resembles an intent no more than it resembles others.
TOP_CONFIDENCE = 0.5


class Language(TypedDict):
    code: str
    confidence: float


class Intent(TypedDict):
    name: str
    confidence: float


class Entity(TypedDict):
    """``text[start:end]`` of the message is ``value``: offsets count code points."""

    type: str
    value: str
    start: int
    end: int


class Analysis(TypedDict):
    message: str
    language: Language
    intents: list[Intent]
    topIntent: str | None
    entities: list[Entity]
    sentiment: str | None
    engine: str


def likeliest(confidences: dict[str, float]) -> list[Intent]:
    """The intents with the highest confidences, which are shares of one."""
    best = sorted(confidences.items(), key=lambda one: -one[1])[:MOST_INTENTS]
    return [Intent(name=name, confidence=round(share, 3)) for name, share in best if share > 0]


def top(intents: list[Intent]) -> str | None:
    """What the message means, if one can say so."""
    sure = bool(intents) and intents[0]["confidence"] >= TOP_CONFIDENCE
    return intents[0]["name"] if sure else None
