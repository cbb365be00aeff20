"""Which of an assistant's questions and flows a message means, without a language model.

Each question of its FAQ is an intent with its variants as examples, and each flow is one.
"""

from collections.abc import Iterator
from functools import lru_cache

from assistants.engines import knowledge
from assistants.knowledge import embedding
from assistants.knowledge.embedding import Floats
from assistants.knowledge.index import indexes
from assistants.knowledge.language import ENGLISH, FOREIGN, is_english
from assistants.models import KnowledgeEntry, KnowledgeSource
from assistants.phrases.folding import fold, words
from assistants.versions import VersionSnapshot
from tenants.scope import tenant_scope

MOST_QUESTIONS = 2_000
# Letters by which a word is told from others; what follows is mostly grammar.
STEM = 5
IGNORED = frozenset(fold(ENGLISH + FOREIGN).split())

Phrasings = tuple[str, ...]
# An intent's name, how it may be said, and how near to that the message is in meaning.
Known = tuple[str, Phrasings, float | None]


async def vector_soon(version: VersionSnapshot, text: str) -> Floats | None:
    """The embedding model knows English alone, and finds everything alike that is not."""
    return await knowledge.vector_soon(version, text) if is_english(text) else None


def confidences(version: VersionSnapshot, text: str, vector: Floats | None) -> dict[str, float]:
    """How sure each intent is what the text means: a cosine, or the share of words in common."""
    said = words(text)
    found: dict[str, float] = {}
    for name, phrasings, cosine in _intents(version, vector):
        if said and said in map(words, phrasings):
            share = 1.0
        else:
            share = _words_in_common(said, phrasings) if cosine is None else max(cosine, 0.0)
        found[name] = max(found.get(name, 0.0), min(share, 1.0))
    return found


def _intents(version: VersionSnapshot, vector: Floats | None) -> Iterator[Known]:
    yield from _questions(version, vector)
    for flow in version.flows:
        phrasings = (flow.name, *flow.examples)
        cosine = None if vector is None else float((_vectors(phrasings) @ vector).max())
        yield flow.name, phrasings, cosine


def _questions(version: VersionSnapshot, vector: Floats | None) -> list[Known]:
    with tenant_scope(version.tenant_id):
        faq = KnowledgeEntry.objects.filter(
            assistant_id=version.assistant_id, source__kind=KnowledgeSource.Kind.FAQ
        )
        rows = list(faq.order_by("id").values_list("id", "title", "variants")[:MOST_QUESTIONS])
        if vector is None:
            return [(title, (title, *variants), None) for _, title, variants in rows]
        index = indexes.get(version.assistant_id, version.knowledge_revision)
    cosines = index.similarities(vector)
    return [
        (title, (title, *variants), cosines.get(entry_id, 0.0))
        for entry_id, title, variants in rows
    ]


@lru_cache(maxsize=256)
def _vectors(phrasings: Phrasings) -> Floats:
    return embedding.embed(phrasings)


def _words_in_common(said: str, phrasings: Phrasings) -> float:
    """Twice the words in both of all words (Dice), for the phrasing that fits best."""
    own = _stems(said)
    shares = ((own, _stems(words(phrasing))) for phrasing in phrasings)
    return max(2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0 for a, b in shares)


@lru_cache(maxsize=10_000)
def _stems(said: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in said.split() if word not in IGNORED)
