"""One turn, from its claim to what the visitor reads."""

import asyncio
import logging
from dataclasses import dataclass, field, replace

from django.db import Error as DatabaseFailure

from assistants.answering import respond
from assistants.events import (
    Delta,
    Ended,
    Event,
    Handoff,
    Pause,
    Qualified,
    Reply,
    TurnDone,
    Understood,
    Usage,
)
from assistants.toolbox import UnknownOutcome
from conversations import answers, turns
from conversations.streaming import Stream
from conversations.toolbox import ClaimToolbox
from conversations.turns import Claim, Effects, LostLease
from tenants.executor import run_in_db_thread

logger = logging.getLogger(__name__)

TURN_SECONDS = 90.0
FAILURE_TEXT = "Something went wrong on our side. I will ask a person of our team to answer you."


@dataclass
class Course:
    """What an engine has come to say so far."""

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
            case TurnDone():
                self.usage = event.usage


async def answer(held: Claim) -> None:
    """Make one answer and post it; whatever goes wrong becomes a visible handover."""
    try:
        async with asyncio.timeout(TURN_SECONDS):
            await _conclude(held, await _respond(held))
    except LostLease:
        logger.info("An answer is not wanted any more")
    except UnknownOutcome as unknown:
        await _leave_to_person(held, unknown)
    except DatabaseFailure:
        # The lease runs out by itself, and somebody will try again.
        logger.exception("The database failed during an answer")
    except Exception as error:
        # Whatever an engine may raise, the visitor must hear of it.
        logger.exception("An answer failed")
        await apologise(held, f"error:{type(error).__name__}")


async def apologise(held: Claim, reason: str) -> None:
    """Hand over because of a failure of ours."""
    sorry = Handoff(reason, FAILURE_TEXT)
    await run_in_db_thread(answers.commit, held, sorry, usage=Usage())


async def _leave_to_person(held: Claim, unknown: UnknownOutcome) -> None:
    """Hand over what may be done already, since to do it twice may be worse than not at all."""
    text = held.question.version.handover_text
    handoff = Handoff("tool_outcome_unknown", text, str(unknown))
    await run_in_db_thread(answers.commit, held, handoff, usage=Usage())


async def _respond(held: Claim) -> Course:
    course = Course(effects=held.effects)
    with Stream(held) as stream:
        async for event in respond(held.question, ClaimToolbox(held)):
            course.note(event)
            if isinstance(event, Delta):
                stream.add(event)
    return course


async def _conclude(held: Claim, course: Course) -> None:
    match course.result:
        case Reply() | Handoff():
            await run_in_db_thread(
                answers.commit, held, course.result, usage=course.usage, effects=course.effects
            )
        case Pause():
            await run_in_db_thread(turns.pause, held, course.result, course.effects)
        case _:
            await apologise(held, "error:empty")
