"""Asking a question and waiting for its answer: what request-and-reply protocols do."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists

from conversations.announcements import message_data
from conversations.engine import Received
from conversations.models import AuthorKind, Turn, TurnState
from conversations.models.turn import OPEN_STATES
from realtime.feeds import hub, wait_for_news
from realtime.log import Channel
from tenants.drain import draining
from tenants.executor import run_in_db_thread
from tenants.outages import FAILURES
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of a question: answered, with a person, or still being answered."""

    is_pending: bool = False
    message: dict[str, Any] | None = None
    handled_by_human: bool = False
    handover: str = ""
    model: str = ""
    tokens: int = 0


PENDING = Outcome(is_pending=True)
# How soon who waits notices that this process ends.
LOOK_SECONDS = 1.0


async def wait_for_outcome(tenant_id: UUID, received: Received, *, seconds: float) -> Outcome:
    """The outcome for a visitor's message, or a pending one when the time is up or unknown.

    ``hub().attend(tenant_id)`` before the message was stored, or the first answer of a tenant may
    be noticed only by the poll two seconds later.
    """
    channel = Channel(tenant_id, received.conversation_id)
    watch = hub().watch(channel, _concerns_answers)
    question = (tenant_id, received.conversation_id, received.seq)
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        if received.is_repeat or not received.awaits_answer:
            watch.wake()
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            # Nor longer than sockets are kept: the message is stored, and its sender shall hear so.
            if draining.has_lasted(settings.DRAIN_SECONDS):
                break
            if await wait_for_news(watch, seconds=min(left, LOOK_SECONDS)):
                found = await _known(*question)
                if not found.is_pending:
                    return found
        return await _known(*question)
    finally:
        hub().unwatch(channel, watch)


async def _known(tenant_id: UUID, conversation_id: UUID, question_seq: int) -> Outcome:
    try:
        return await run_in_db_thread(outcome, tenant_id, conversation_id, question_seq)
    except FAILURES as error:
        logger.warning("Could not look for an answer: %s", error)
        return PENDING


def _concerns_answers(event: dict[str, Any]) -> bool:
    return event["data"].get("author", {}).get("kind") != AuthorKind.VISITOR


def outcome(tenant_id: UUID, conversation_id: UUID, question_seq: int) -> Outcome:
    """What the database knows by now. A later answer covers earlier questions too.

    But not those that were a person's to answer, for which no turn was ever begun.
    """
    with tenant_scope(tenant_id):
        turns = Turn.objects.filter(conversation_id=conversation_id)
        turn = (
            turns.filter(Exists(turns.filter(question_seq=question_seq)))
            .filter(question_seq__gte=question_seq)
            .exclude(state=TurnState.SUPERSEDED)
            .select_related("reply")
            .order_by("question_seq")
            .first()
        )
        if turn is not None and turn.state in OPEN_STATES:
            return PENDING
        if turn is None or turn.reply is None:
            return Outcome(handled_by_human=True)
        return Outcome(
            message=message_data(turn.reply),
            handover=turn.reason if turn.state == TurnState.HANDED_OVER else "",
            model=turn.model,
            tokens=turn.tokens,
        )
