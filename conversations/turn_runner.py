"""One turn, from its claim to what the visitor reads."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.db import DataError, IntegrityError
from django.db import Error as DatabaseFailure

from assistants import handover
from assistants.answering import respond
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
    Understood,
    Usage,
)
from assistants.toolbox import UnknownOutcome
from assistants.usage import book
from assistants.wording import handover_text, language_so_far
from conversations import answers, toolbox, turns
from conversations.streaming import Stream
from conversations.toolbox import ClaimToolbox
from conversations.turns import Claim, Effects, LostLease
from tenants import metrics, tracing
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

T = TypeVar("T")

TURN_SECONDS = 90.0
UNKNOWN_REASON = "tool_outcome_unknown"


@dataclass
class Course:
    """What an engine has come to say so far, and what that cost which nobody has booked yet.

    ``outcome`` is what became of it, in one word.
    """

    outcome: str = "broken_off"
    result: Reply | Handoff | Pause | None = None
    effects: Effects = field(default_factory=Effects)
    usage: Usage = field(default_factory=Usage)

    def note(self, event: Event) -> None:
        match event:
            case Reply() | Handoff() | Pause():
                self.result = event
            case Qualified(details):
                known = self.effects.qualified or {}
                self.effects = replace(self.effects, qualified={**known, **details})
            case Ended():
                self.effects = replace(self.effects, ends=True)
            case Understood(language):
                self.effects = replace(self.effects, language=language)
            case Spent(usage) | TurnDone(usage=usage):
                self.usage = usage

    def take_usage(self) -> Usage:
        """The usage for who books it; it is taken once, so that nothing is booked twice."""
        usage, self.usage = self.usage, Usage()
        return usage


async def answer(held: Claim) -> None:
    """Make one answer and post it; whatever goes wrong becomes a visible handover."""
    course, started = Course(effects=held.effects), time.perf_counter()
    try:
        async with asyncio.timeout(TURN_SECONDS):
            await _respond(held, course)
        await _conclude(held, course)
    except LostLease:
        course.outcome = "unwanted"
        logger.info("An answer is not wanted any more")
    except UnknownOutcome as unknown:
        await _leave_to_person(held, unknown, course)
    except (DataError, IntegrityError) as error:
        # To try again would not help; and what the database says of it quotes the text.
        logger.error("An answer cannot be stored: %s", type(error).__name__)
        await _apologise(held, "error:not_storable", course)
    except DatabaseFailure:
        # The lease runs out by itself, and somebody will try again.
        logger.exception("The database failed during an answer")
    except Exception as error:
        # Whatever an engine may raise, the visitor must hear of it.
        logger.exception("An answer failed")
        cause = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
        await _apologise(held, f"error:{cause}", course)
    finally:
        tracing.note({"livechat.outcome": course.outcome})
        metrics.TURN_SECONDS.labels(course.outcome).observe(time.perf_counter() - started)
        if (usage := course.take_usage()).tokens:
            await _to_the_end(_book, held, usage)


async def apologise(held: Claim, reason: str) -> None:
    """Hand over because of a failure of ours."""
    await _apologise(held, reason, Course())


async def _leave_to_person(held: Claim, unknown: UnknownOutcome, course: Course) -> None:
    """Hand over what may be done already, since to do it twice may be worse than not at all."""
    handoff = _in_doubt(held, str(unknown), _handover_text(held))
    await _say(held, handoff, course, Effects(), outcome="apologised")


async def _respond(held: Claim, course: Course) -> None:
    with Stream(held) as stream:
        async for event in respond(held.question, ClaimToolbox(held)):
            course.note(event)
            if isinstance(event, Delta):
                stream.add(event)


async def _conclude(held: Claim, course: Course) -> None:
    match course.result:
        case Reply():
            await _say(held, course.result, course, course.effects, outcome="answered")
        case Handoff() as handoff:
            outcome = "apologised" if handoff.is_failure else "handed_over"
            await _say(held, handoff, course, course.effects, outcome=outcome)
        case Pause():
            paused = await run_in_db_thread(turns.pause, held, course.result, course.effects)
            course.outcome = "paused" if paused else "unwanted"
        case _:
            await _apologise(held, "error:empty", course)


def _handover_text(held: Claim) -> str:
    asked = held.question
    language = language_so_far(asked.version, asked.named_language, asked.language)
    return handover_text(asked.version, language)


async def _apologise(held: Claim, reason: str, course: Course) -> None:
    text = _handover_text(held)
    if doubts := await run_in_db_thread(toolbox.doubts, held):
        sorry = _in_doubt(held, doubts, text)
    else:
        sorry = handover.hand_over(held.question, reason, text)
    await _say(held, sorry, course, Effects(), outcome="apologised")


def _in_doubt(held: Claim, doubts: str, text: str) -> Handoff:
    """Tell the team what may have been done, and below it what the visitor wanted."""
    summary = f"{doubts}\n{handover.summary(held.question)}"
    return Handoff(UNKNOWN_REASON, text, summary)


async def _say(
    held: Claim, result: Reply | Handoff, course: Course, effects: Effects, *, outcome: str
) -> None:
    posted = await _to_the_end(_post, held, result, course.take_usage(), effects)
    course.outcome = outcome if posted else "unwanted"


async def _to_the_end(function: Callable[..., T], *args: object) -> T:
    """Do what is begun, even if the answer is cancelled meanwhile: it may be paid for already."""
    return await asyncio.shield(run_in_db_thread(function, *args))


def _post(held: Claim, result: Reply | Handoff, usage: Usage, effects: Effects) -> bool:
    """Say it, or book what it cost; False when nobody wants to hear it any more."""
    posted = False
    try:
        posted = answers.commit(held, result, usage=usage, effects=effects)
    finally:
        if usage.tokens and not posted:
            _book(held, usage)
    return posted


def _book(held: Claim, usage: Usage) -> None:
    """Keep in the ledger what was spent on an answer that nobody will read."""
    with tenant_scope(held.tenant_id):
        book(held.turn_id, usage)
