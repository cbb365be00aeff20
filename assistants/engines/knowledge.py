"""The engine that needs no model of language: it finds passages, quotes them and says so."""

import re
from collections.abc import AsyncIterator, Sequence

from assistants import small_talk
from assistants.events import Delta, Event, Handoff, Reply, TurnDone, Usage
from assistants.knowledge import embedding
from assistants.knowledge.bands import SAME, WORDS_ONLY, Band, Hit, Thresholds, judge
from assistants.knowledge.embedding import Floats
from assistants.knowledge.language import is_english
from assistants.knowledge.search import search
from assistants.question import Question
from assistants.toolbox import Toolbox
from assistants.versions import VersionSnapshot
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope

USAGE = Usage(model="knowledge")
OFFERED = 3
# Each with the blank lines that follow it, so that together they are the text.
PARAGRAPHS = re.compile(r".+?(?:\n{2,}|\Z)", re.DOTALL)


async def answer(question: Question, toolbox: Toolbox) -> AsyncIterator[Event]:
    """Say what was found, paragraph by paragraph for whoever watches."""
    result = courtesy(question.version, question.text)
    if result is None:
        result = await run_in_db_thread(look_up, question.version, question.text)
    for seq, paragraph in enumerate(PARAGRAPHS.findall(result.text)):
        yield Delta(paragraph, seq)
    yield result
    yield TurnDone("replied" if isinstance(result, Reply) else "handoff", USAGE)


def courtesy(version: VersionSnapshot, question: str) -> Reply | Handoff | None:
    if small_talk.asks_for_person(question):
        return Handoff("requested", version.handover_text)
    text = small_talk.small_talk(question, greeting=version.greeting)
    return Reply(text, confidence=1.0) if text else None


def look_up(version: VersionSnapshot, question: str) -> Reply | Handoff:
    """Search the assistant's knowledge and put what was found into words."""
    return say(version, *find(version, question))


def say(version: VersionSnapshot, band: Band, hits: Sequence[Hit]) -> Reply | Handoff:
    """Put what was found into words: quote it, offer titles, or hand over."""
    if band is Band.ANSWER:
        return _quote(hits[0])
    if band is Band.OFFER:
        return _offer(version, hits)
    return Handoff("no_answer", version.unanswered_text)


def find(version: VersionSnapshot, question: str) -> tuple[Band, list[Hit]]:
    """Search for an answer, and say what the best of what was found is good for."""
    # Before the transaction, which is to be short: this takes about 10 ms.
    vector = _vector(version, question)
    with tenant_scope(version.tenant_id):
        hits = search(
            version.assistant_id,
            revision=version.knowledge_revision,
            question=question,
            vector=vector,
        )
    return judge(hits, _thresholds(version, question, by_meaning=vector is not None)), hits


def _vector(version: VersionSnapshot, question: str) -> Floats | None:
    """The model knows English; knowledge in another language is found by its words."""
    knows = not version.languages or version.languages[0].lower().startswith("en")
    return embedding.embed([question])[0] if knows and embedding.available() else None


def _thresholds(version: VersionSnapshot, question: str, *, by_meaning: bool) -> Thresholds:
    if not by_meaning:
        return WORDS_ONLY
    # What the model only guesses at is offered; a title that was tapped on is what it is.
    answer = version.answer_threshold if is_english(question) else SAME
    return Thresholds(answer=answer, margin=version.margin, offer=version.offer_threshold)


def _quote(hit: Hit) -> Reply:
    citation = {"title": hit.citation, "url": hit.url, "sourceId": str(hit.source_id)}
    return Reply(
        text=f"From {hit.citation}:\n\n{hit.text}",
        citations=(citation,),
        confidence=round(hit.score, 3),
    )


def _offer(version: VersionSnapshot, hits: Sequence[Hit]) -> Reply:
    titles = list(dict.fromkeys(hit.title for hit in hits))[:OFFERED]
    return Reply(
        text=version.offer_text,
        choices=(*titles, small_talk.TALK_TO_A_PERSON),
        confidence=round(hits[0].score, 3),
        answers=False,
    )
