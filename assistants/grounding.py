"""What an answer rests on: numbered passages, and the proof that it used them.

A model is asked to put the numbers of the passages that a sentence rests on behind it, as ``[2]``.
A reply that states no facts says so itself, as ``[0]``. One that does neither is looked at closely.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from assistants.knowledge.bands import Hit

# The lookbehind keeps a row of spaces from being tried at each.
MARKER = re.compile(r"(?<![ \t])[ \t]*+\[(\d{1,3}(?:\s{0,9}[,;–-]\s{0,9}\d{1,3})*)\](?!\()")
NUMBER = re.compile(r"\d{1,3}")
# Words that carry meaning; shorter ones are in every sentence.
WORD = re.compile(r"[^\W\d_]{4,}|\d[\d.,:]*\d|\d")
# The share of an answer's words that a passage must hold to have been its source.
SHARED = 0.5
# What may be said without a source: short, and with nothing in it that could be wrong.
CHAT_LENGTH = 280
FACT = re.compile(r"\d|https?:|www\.|@|[€$£¥%]", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """One passage that the model was shown; of an FAQ, ``question`` is what the text answers."""

    title: str
    text: str
    url: str
    source_id: str
    # No part of what is kept: whoever resumes a turn finds it in the dialogue.
    question: str = field(default="", compare=False)

    @classmethod
    def of(cls, hit: Hit) -> Self:
        question = "" if hit.is_prose else hit.title
        return cls(hit.citation, hit.text, hit.url, str(hit.source_id), question)

    @property
    def citation(self) -> dict[str, Any]:
        return {"title": self.title, "url": self.url, "sourceId": self.source_id}


@dataclass
class Sources:
    """The passages of one turn; their numbers begin at 1 and stay."""

    shown: list[Source] = field(default_factory=list)

    def add(self, hits: Iterable[Hit]) -> list[int]:
        """Number what is new, and return the numbers of all ``hits``."""
        numbers = []
        for source in map(Source.of, hits):
            if source not in self.shown:
                self.shown.append(source)
            numbers.append(self.shown.index(source) + 1)
        return numbers

    def cited(self, text: str) -> list[Source]:
        """The passages that ``text`` names, in the order in which it names them."""
        return [self.shown[n - 1] for n in _numbers(text) if 1 <= n <= len(self.shown)]

    def recognised(self, text: str) -> list[Source]:
        """The passage that ``text`` was evidently taken from, for models that forget to name it.

        It must hold every figure of the text: whoever gets one wrong has not taken it from there.
        """
        words = _words(text)
        figures = {word for word in words if word[0].isdigit()}
        best, found = 0.0, list[Source]()
        for source in self.shown:
            held = _words(f"{source.title} {source.text}")
            share = len(words & held) / len(words) if words else 0.0
            if share > best and figures <= held:
                best, found = share, [source]
        return found if best >= SHARED else []

    def as_json(self) -> list[dict[str, str]]:
        return [
            {name: value for name, value in vars(source).items() if name != "question"}
            for source in self.shown
        ]

    @classmethod
    def from_json(cls, kept: Sequence[Mapping[str, str]]) -> Self:
        return cls([Source(**source) for source in kept])


def without_markers(text: str) -> str:
    return MARKER.sub("", text)


def states_no_facts(text: str, *, is_small_talk: bool) -> bool:
    """Whether this may be said without a source: a courtesy, a question back, or not knowing.

    The model must have said so itself; in reply to small talk, or asking back, it may forget to.
    """
    plain = without_markers(text).strip()
    asks_back = plain.endswith("?") and not re.search(r"[.!…:]\s", plain)
    is_claimed = 0 in _numbers(text) or is_small_talk or asks_back
    return is_claimed and len(plain) <= CHAT_LENGTH and not FACT.search(plain)


def citations(sources: Iterable[Source]) -> tuple[dict[str, Any], ...]:
    """What the visitor sees of the sources, each place once."""
    return tuple({(s.title, s.url): s.citation for s in sources}.values())


def _numbers(text: str) -> list[int]:
    found = (int(n) for marker in MARKER.findall(text) for n in NUMBER.findall(marker))
    return list(dict.fromkeys(found))


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.casefold()))
