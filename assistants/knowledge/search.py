"""A question → the entries that may answer it, best first."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connections, router

from assistants.knowledge.bands import Hit
from assistants.knowledge.embedding import Floats
from assistants.knowledge.index import indexes
from assistants.models import KnowledgeEntry, KnowledgeSource
from tenants.tracing import traced

CANDIDATES = 8
QUESTION_CHARACTERS = 1_000
# What is added to the cosine of the entry that holds most of the question's identifiers. Meaning
# alone tells 26 of 30 error codes apart, with this it is all of them. All other words in common
# mislead: with them, more questions that nothing answers are answered.
IDENTIFIER_WEIGHT = 0.05
# Of an entry and its source, what a hit is made of: to read all takes twice as long.
SHOWN = (
    *("pk", "source_id", "position", "title", "variants", "text", "url"),
    *("source__title", "source__kind"),
)
IDENTIFIER = re.compile(r"\S*[\d_]\S*|\w+[./]\w\S*")


@traced
def search(assistant_id: UUID, *, revision: int, question: str, vector: Floats | None) -> list[Hit]:
    """Search in the tenant's scope. Without a vector nothing is similar, only found by words."""
    if vector is None:
        cosines, words = {}, question
    else:
        cosines = indexes.get(assistant_id, revision).similarities(vector)
        words = " ".join(IDENTIFIER.findall(question))
    shares = _shares(assistant_id, words) if words else {}
    nearest = sorted(cosines, key=cosines.__getitem__, reverse=True)[:CANDIDATES]
    # An entry that is not found was deleted since its vectors were read.
    hits = [
        _hit(entry, cosines.get(entry.pk, 0.0) + _bonus(shares, entry.pk), question)
        for entry in _entries({*nearest, *shares})
    ]
    return sorted(hits, key=lambda hit: hit.score, reverse=True)


def _shares(assistant_id: UUID, words: str) -> dict[UUID, float]:
    """Rank entries by the words that they hold, the best one as 1."""
    with connections[router.db_for_read(KnowledgeEntry)].cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, rank FROM assistants_search(%s, %s, %s)",
            [assistant_id, words[:QUESTION_CHARACTERS], CANDIDATES],
        )
        ranks = dict(cursor.fetchall())
    best = max(ranks.values(), default=0.0)
    return {entry_id: rank / best for entry_id, rank in ranks.items()} if best else {}


def _bonus(shares: dict[UUID, float], entry_id: UUID) -> float:
    return IDENTIFIER_WEIGHT * shares.get(entry_id, 0.0)


def _entries(wanted: Iterable[UUID]) -> Iterable[Any]:
    found = KnowledgeEntry.objects.filter(pk__in=list(wanted))
    return found.values_list(*SHOWN, named=True)


def _hit(entry: Any, score: float, question: str) -> Hit:
    names = {_folded(text) for text in (entry.title, *entry.variants)} - {""}
    return Hit(
        entry_id=entry.pk,
        source_id=entry.source_id,
        position=entry.position,
        score=1.0 if _folded(question) in names else min(score, 1.0),
        title=entry.title,
        text=entry.text,
        url=entry.url,
        source_title=entry.source__title,
        is_prose=entry.source__kind != KnowledgeSource.Kind.FAQ,
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?!. ")
