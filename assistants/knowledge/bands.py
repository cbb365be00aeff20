"""How sure is sure enough: answer, offer a few titles, or hand over."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from assistants.knowledge.passages import HEADING_SEPARATOR

# Above this the question is a title or a variant word for word: a visitor tapped on a choice.
SAME = 0.98


class Band(StrEnum):
    ANSWER = "answer"
    OFFER = "offer"
    HAND_OVER = "hand_over"


@dataclass(frozen=True)
class Thresholds:
    """Cosines; ``margin`` is the lead that the best needs over the second best."""

    answer: float = 0.50
    margin: float = 0.05
    offer: float = 0.30


# Words in common are no reason to answer; a title that was tapped on is.
WORDS_ONLY = Thresholds(answer=SAME, margin=0.0, offer=0.0)


@dataclass(frozen=True)
class Hit:
    """One entry that a search found, best first in a list of them."""

    entry_id: UUID
    source_id: UUID
    position: int
    score: float
    title: str = ""
    text: str = ""
    url: str = ""
    source_title: str = ""
    is_prose: bool = False

    @property
    def citation(self) -> str:
        """How a visitor finds the place: an FAQ is named, in a text the headings too.

        A page that begins with its own title is named once.
        """
        if not self.is_prose:
            return self.source_title
        first, _, rest = self.title.partition(HEADING_SEPARATOR)
        if first.casefold() == self.source_title.casefold():
            return HEADING_SEPARATOR.join(filter(None, (self.source_title, rest)))
        return f"{self.source_title}{HEADING_SEPARATOR}{self.title}"


def judge(hits: Sequence[Hit], thresholds: Thresholds) -> Band:
    """Say what the best of ``hits`` is good for. A lead counts for more than a high score."""
    if not hits:
        return Band.HAND_OVER
    best = hits[0]
    lead = best.score - max((hit.score for hit in hits[1:] if _rivals(best, hit)), default=0.0)
    if best.score >= SAME or (best.score >= thresholds.answer and lead >= thresholds.margin):
        return Band.ANSWER
    return Band.OFFER if best.score >= thresholds.offer else Band.HAND_OVER


def _rivals(best: Hit, other: Hit) -> bool:
    """Neighbouring passages of one text speak of the same thing; two questions of an FAQ do not."""
    is_neighbour = other.source_id == best.source_id and abs(other.position - best.position) <= 1
    return not (best.is_prose and is_neighbour)
