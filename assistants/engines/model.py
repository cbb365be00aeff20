"""The engine that lets a language model write: from passages, with tools, and within bounds.

Its loop is our own, so that every call of a tool is a stored row, and so that a turn can stop in
the middle and go on in another process.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic_ai import direct
from pydantic_ai.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
)

from assistants import handover
from assistants.containment import Sieve
from assistants.engines import knowledge
from assistants.engines.model_work import Work
from assistants.events import (
    Delta,
    Ended,
    Event,
    Handoff,
    Pause,
    Qualified,
    Reply,
    Spent,
    TurnDone,
)
from assistants.grounding import citations, states_no_facts, without_markers
from assistants.language import languages_of
from assistants.length import shortened
from assistants.prompts import framed_sources
from assistants.providers import candidates as providers
from assistants.providers.candidates import Candidate
from assistants.providers.errors import ProviderError, provider_errors
from assistants.providers.measuring import measured
from assistants.question import Question
from assistants.small_talk import small_talk
from assistants.toolbox import Toolbox, ToolRequest
from assistants.tools.builtin import BUILTIN, END, HAND_OVER, QUALIFY, SEARCH
from assistants.tools.results import arguments
from assistants.wording import phrases_in

MAX_REQUESTS = 6
TRANSIENT = ("unreachable", "unavailable", "server_error")
PAUSE_SECONDS = 0.3
MAX_TOKENS = 20_000
NOTHING_FOUND = "Nothing was found. Ask back, or hand over; do not answer from memory."


async def answer(question: Question, toolbox: Toolbox) -> AsyncIterator[Event]:
    """Write an answer; a provider that fails hands over, and says why to the team."""
    work = await Work.begin(question)
    try:
        work.candidates = await providers.candidates(question.version, work.accounts)
        async for event in _converse(work, toolbox):
            yield event
    except ProviderError as error:
        reason = f"error:{error.code}"
        yield Handoff(reason, question.version.handover_text, work.summary())
        yield TurnDone("failed", work.usage)


async def _converse(work: Work, toolbox: Toolbox) -> AsyncIterator[Event]:
    calls: Sequence[ToolCallPart] = work.pending
    while True:
        if calls:
            async for event in _use_tools(work, calls, toolbox):
                yield event
            if work.is_over:
                return
        if work.requests == MAX_REQUESTS or work.tokens >= MAX_TOKENS:
            raise ProviderError("limit")
        async for piece in _ask(work):
            yield piece
        yield Spent(work.usage)
        calls = work.response.tool_calls
        if not calls:
            result = conclude(work) or await _passages(work)
            yield result
            yield TurnDone("replied" if isinstance(result, Reply) else "handoff", work.usage)
            return


async def _ask(work: Work) -> AsyncIterator[Delta]:
    """Put the dialogue to the first model that answers; one that failed is not asked again.

    But for a failure that may be over in a moment it is, once.
    """
    may_retry = True
    while True:
        try:
            async for piece in _stream(work, work.candidates[0]):
                yield piece
            return
        except ProviderError as error:
            if may_retry and error.code in TRANSIENT:
                may_retry = False
                await asyncio.sleep(PAUSE_SECONDS)
            elif len(work.candidates) == 1:
                raise
            else:
                work.candidates, may_retry = work.candidates[1:], True
        finally:
            work.draft += 1


async def _stream(work: Work, candidate: Candidate) -> AsyncIterator[Delta]:
    sieve, seq = Sieve(work.containment, without_markers), 0
    with measured(candidate.wire), provider_errors():
        async with direct.model_request_stream(
            candidate.model,
            work.messages,
            model_settings=providers.settings(temperature=work.question.version.temperature),
            model_request_parameters=work.parameters,
        ) as stream:
            try:
                async for event in stream:
                    if shown := sieve.add(_text_of(event)):
                        yield Delta(shown, seq, work.draft)
                        seq += 1
                    if sieve.is_full:
                        break
                response = stream.get()
                if not sieve.is_full:
                    candidate.require_end(response)
            except (Exception, asyncio.CancelledError):
                # What a model made before it broke off or ran out of time is paid for, too.
                work.spend(stream.get(), candidate)
                raise
        if rest := sieve.rest():
            yield Delta(rest, seq, work.draft)
        work.take(response, candidate)
        _require_content(response)


def _text_of(event: Any) -> str:
    match event:
        case PartStartEvent(part=TextPart(content=text)):
            return text
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
    return ""


def _require_content(response: ModelResponse) -> None:
    if response.finish_reason == "content_filter":
        raise ProviderError("content_filter")
    if not (response.text or "").strip() and not response.tool_calls:
        raise ProviderError("empty")


async def _use_tools(
    work: Work, calls: Sequence[ToolCallPart], toolbox: Toolbox
) -> AsyncIterator[Event]:
    """Answer every call; some end the turn, and some make it wait for somebody else."""
    waiting: list[ToolRequest] = []
    for call in calls:
        # In a thread: a tenant's schema may take seconds, and others are being answered meanwhile.
        args = await asyncio.to_thread(work.arguments, call)
        if isinstance(args, str):
            work.answer(call, args)
        elif call.tool_name in BUILTIN:
            async for event in _use_builtin(work, call, args):
                yield event
        else:
            request = ToolRequest(call.tool_call_id, work.tools[call.tool_name], args)
            if request.tool.pauses and not work.resumes(call):
                waiting.append(request)
                continue
            result = await toolbox.run(request)
            if result.is_unapproved:
                work.unapproved.append(_unapproved(request))
            work.answer(call, result.text, is_evidence=result.is_done)
        if work.is_over:
            return
    if waiting:
        work.is_over = True
        yield Pause(work.as_json(), tuple(waiting))
        yield TurnDone("waiting", work.usage)
    else:
        work.send_results()


def _unapproved(request: ToolRequest) -> str:
    return f"“{request.tool.name}” was not approved, with {arguments(request.args)}."


async def _use_builtin(
    work: Work, call: ToolCallPart, args: dict[str, Any]
) -> AsyncIterator[Event]:
    match call.tool_name:
        case name if name == SEARCH:
            work.answer(call, await _search(work, args["query"]))
        case name if name == QUALIFY:
            yield Qualified(args)
            work.answer(call, "Noted.")
        case name if name == END:
            yield Ended()
            work.answer(call, "The conversation is closed after your next words: say goodbye.")
        case name if name == HAND_OVER:
            work.is_over = True
            text = work.containment.clean(shortened(args.get("message", ""))).strip()
            text = text or work.question.version.handover_text
            yield Handoff(args["reason"], text, args["summary"])
            yield TurnDone("handoff", work.usage)


async def _search(work: Work, query: str) -> str:
    _, hits = await knowledge.find_soon(work.question.version, query)
    numbered = work.show(hits)
    return framed_sources(numbered) or NOTHING_FOUND


def conclude(work: Work) -> Reply | None:
    """The model's words, if they rest on something."""
    text = work.response.text or ""
    cited = work.sources.cited(text)
    plain = shortened(work.containment.clean(without_markers(text)).strip())
    if not work.has_called:
        # What comes of a tool may share words with any passage.
        cited = cited or work.sources.recognised(plain)
    if plain and (cited or work.has_evidence):
        return Reply(plain, citations(cited), confidence=work.confidence)
    languages = languages_of(work.question.version)
    is_small_talk = bool(small_talk(work.question.text, languages, greeting="Hello"))
    if plain and states_no_facts(text, is_small_talk=is_small_talk):
        return Reply(plain, answers=is_small_talk)
    return None


async def _passages(work: Work) -> Reply | Handoff:
    """What is said instead; where a tool did not do its part, passages do not help."""
    question = work.question
    if work.unapproved:
        text = phrases_in(question.version, question.language).unapproved
        summary = "\n".join([*dict.fromkeys(work.unapproved), handover.summary(question)])
        return Handoff("not_approved", text, summary)
    if work.has_called:
        return handover.hand_over(question, "no_answer", question.version.unanswered_text)
    found = work.found or await knowledge.find_soon(question.version, question.text)
    return knowledge.say(question, *found)
