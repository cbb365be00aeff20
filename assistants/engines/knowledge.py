"""The engine that needs no model of language: it finds passages, quotes them and says so."""

import re
from collections.abc import AsyncIterator, Sequence

from assistants import handover
from assistants.events import Delta, Event, Handoff, Reply, TurnDone, Usage
from assistants.knowledge import embedding
from assistants.knowledge.bands import SAME, WORDS_ONLY, Band, Hit, Thresholds, judge
from assistants.knowledge.embedding import Floats, ModelUnusable
from assistants.knowledge.language import is_english
from assistants.knowledge.search import search
from assistants.language import languages_of
from assistants.question import Question
from assistants.small_talk import small_talk
from assistants.toolbox import Toolbox
from assistants.versions import VersionSnapshot
from assistants.wording import phrases_in
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope

USAGE = Usage(model="knowledge")
OFFERED = 3
# Each with the blank lines that follow it, so that together they are the text.
PARAGRAPHS = re.compile(r".+?(?:\n{2,}|\Z)", re.DOTALL)


async def answer(question: Question, toolbox: Toolbox) -> AsyncIterator[Event]:
    """Say what was found, paragraph by paragraph for whoever watches."""
    result: Reply | Handoff | None = courtesy(question)
    if result is None:
        result = say(question, *await find_soon(question.version, question.text))
    for seq, paragraph in enumerate(PARAGRAPHS.findall(result.text)):
        yield Delta(paragraph, seq)
    yield result
    yield TurnDone("replied" if isinstance(result, Reply) else "handoff", USAGE)


def courtesy(question: Question) -> Reply | None:
    """The answer to a greeting or thanks, in the language in which it was said."""
    languages = (question.language, *languages_of(question.version))
    text = small_talk(question.text, languages, greeting=question.version.greeting)
    return Reply(text, confidence=1.0) if text else None


def say(question: Question, band: Band, hits: Sequence[Hit]) -> Reply | Handoff:
    """Put what was found into words: quote it, offer titles, or hand over."""
    if band is Band.ANSWER:
        return _quote(question, hits[0])
    if band is Band.OFFER:
        return _offer(question, hits)
    return handover.hand_over(question, "no_answer", question.version.unanswered_text)


def find(version: VersionSnapshot, question: str) -> tuple[Band, list[Hit]]:
    """Search for an answer, and say what the best of what was found is good for."""
    return find_by(version, question, vector_of(version, question))


async def find_soon(version: VersionSnapshot, question: str) -> tuple[Band, list[Hit]]:
    """The same without a thread that waits for the vector."""
    vector = await vector_soon(version, question)
    return await run_in_db_thread(find_by, version, question, vector)


def find_by(
    version: VersionSnapshot, question: str, vector: Floats | None
) -> tuple[Band, list[Hit]]:
    """The same for a question whose vector is known; joins a transaction that is open."""
    with tenant_scope(version.tenant_id):
        hits = search(
            version.assistant_id,
            revision=version.knowledge_revision,
            question=question,
            vector=vector,
        )
    return judge(hits, _thresholds(version, question, by_meaning=vector is not None)), hits


def vector_of(version: VersionSnapshot, question: str) -> Floats | None:
    """The model knows English; knowledge in another language is found by its words.

    Takes about 10 ms: to be called before a transaction, which is to be short.
    """
    knows = _is_in_english(version) and embedding.available()
    return embedding.embed_one(question) if knows else None


async def vector_soon(version: VersionSnapshot, question: str) -> Floats | None:
    """The same for whoever waits in a loop."""
    if not _is_in_english(version):
        return None
    try:
        return await embedding.vector_of(question)
    except ModelUnusable:
        return None


def _is_in_english(version: VersionSnapshot) -> bool:
    return not version.languages or version.languages[0].lower().startswith("en")


def _thresholds(version: VersionSnapshot, question: str, *, by_meaning: bool) -> Thresholds:
    if not by_meaning:
        return WORDS_ONLY
    # What the model only guesses at is offered; a title that was tapped on is what it is.
    answer = version.answer_threshold if is_english(question) else SAME
    return Thresholds(answer=answer, margin=version.margin, offer=version.offer_threshold)


def _quote(question: Question, hit: Hit) -> Reply:
    said = phrases_in(question.version, question.language).quoted_from.replace(
        "{title}", hit.citation
    )
    citation = {"title": hit.citation, "url": hit.url, "sourceId": str(hit.source_id)}
    return Reply(
        text=f"{said}\n\n{hit.text}",
        citations=(citation,),
        confidence=round(hit.score, 3),
    )


def _offer(question: Question, hits: Sequence[Hit]) -> Reply:
    titles = list(dict.fromkeys(hit.title for hit in hits))[:OFFERED]
    return Reply(
        text=question.version.offer_text,
        choices=(*titles, phrases_in(question.version, question.language).talk_to_a_person),
        confidence=round(hits[0].score, 3),
        answers=False,
    )
