"""Turns: who makes an answer, until when, and from where it goes on.

A turn of a language model is paid for: it is reserved when it begins, and given back when it ends
without an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from assistants import usage
from assistants.models import AssistantVersion
from assistants.question import Question
from assistants.versions import snapshot_of
from conversations.models import AuthorKind, Conversation, Turn, TurnState
from conversations.models.turn import OPEN_STATES
from realtime import bus
from tenants.errors import BadRequest
from tenants.scope import platform_scope, tenant_scope

LEASE = timedelta(seconds=10)
ATTEMPTS = 3
HISTORY_LENGTH = 20
NUDGE = "conversations.tasks.answer"
# In one statement with what they cost to know: most turns are not paid for.
END_OPEN = """
UPDATE conversations_turn AS turn SET state = %s, finished_at = statement_timestamp()
FROM assistants_assistantversion AS version
WHERE turn.conversation_id = %s AND turn.state = ANY(%s) AND version.id = turn.version_id
RETURNING turn.id, version.engine
"""


class LostLease(Exception):
    """Another worker took the turn over, or it is not wanted any more."""


@dataclass(frozen=True)
class Claim:
    """A turn that this worker holds, and the question that it is to answer."""

    tenant_id: UUID
    turn_id: UUID
    conversation_id: UUID
    epoch: int
    attempt: int
    question: Question


def begin(
    conversation: Conversation,
    *,
    question_seq: int,
    additional_input: Mapping[str, Any] | None = None,
) -> Turn:
    """Put the assistant to work; an answer that is still being made will cover both questions.

    Raises BudgetSpent, and then nothing has changed.
    """
    version = version_for(conversation)
    turn = Turn(
        tenant_id=conversation.tenant_id,
        conversation=conversation,
        version=version,
        question_seq=question_seq,
        epoch=conversation.epoch,
        additional_input=dict(additional_input or {}),
        created_at=datetime.now(UTC),
    )
    if version.is_metered:
        usage.reserve(
            turn.id,
            subject=conversation.session_id,
            conversation_id=conversation.id,
            instead_of=_open_turn(conversation),
        )
    if question_seq > 1:
        _end_open(conversation, TurnState.SUPERSEDED)
    turn.save(force_insert=True)
    nudge_after_commit(turn)
    return turn


def version_for(conversation: Conversation) -> AssistantVersion:
    """What the conversation is answered with from now on. Raises BadRequest without any."""
    version = None
    if (assistant := conversation.assistant) is not None:
        version = assistant.staging if conversation.is_test else assistant.production
    if version is None:
        raise BadRequest("No assistant is configured.", code="no_assistant")
    return version


def cancel_open(conversation: Conversation) -> None:
    _end_open(conversation, TurnState.CANCELLED)


def claim(tenant_id: UUID, turn_id: UUID) -> Claim | None:
    """Take the turn's lease; None when somebody else holds it or it is finished."""
    with tenant_scope(tenant_id):
        taken = (
            Turn.objects.filter(pk=turn_id, attempt__lt=ATTEMPTS + F("excused"))
            .filter(_nobody_works_on_it())
            .update(state=TurnState.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE)
        )
    # The attempt counts, even if what follows fails: nothing is tried for ever.
    return _claimed(tenant_id, turn_id) if taken else None


def renew(held: Claim) -> bool:
    """Keep the lease; False when the answer is not wanted any more."""
    with tenant_scope(held.tenant_id):
        return bool(held_turn(held).update(lease_until=Now() + LEASE))


def release(held: Claim) -> None:
    """Give the lease back unused, so that another worker goes on at once."""
    with tenant_scope(held.tenant_id):
        held_turn(held).update(lease_until=Now(), excused=F("excused") + 1)


def due(*, limit: int = 200) -> list[tuple[UUID, UUID]]:
    """Turns of all tenants that nobody is working on: (tenant, turn), oldest first."""
    with platform_scope("sweep turns"):
        rows = (
            Turn.objects.filter(state__in=OPEN_STATES)
            .filter(_nobody_works_on_it())
            # A nudge gets there first, and should.
            .exclude(state=TurnState.QUEUED, created_at__gte=Now() - timedelta(seconds=1))
            .order_by("created_at")
            .values_list("tenant_id", "id")
        )
        return list(rows[:limit])


def claim_exhausted(tenant_id: UUID, turn_id: UUID) -> Claim | None:
    """Take a turn whose last permitted attempt has lapsed, so that it can be handed over."""
    with tenant_scope(tenant_id):
        taken = Turn.objects.filter(
            pk=turn_id,
            state__in=OPEN_STATES,
            attempt__gte=ATTEMPTS + F("excused"),
            lease_until__lt=Now(),
        ).update(state=TurnState.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE)
    return _claimed(tenant_id, turn_id, with_dialogue=False) if taken else None


def held_turn(held: Claim) -> QuerySet[Turn]:
    """The turn, as long as this claim holds it."""
    return Turn.objects.filter(pk=held.turn_id, state=TurnState.RUNNING, attempt=held.attempt)


def nudge_after_commit(turn: Turn) -> None:
    tenant_id, turn_id = str(turn.tenant_id), str(turn.id)

    def nudge() -> None:
        bus.nudge(NUDGE, tenant_id=tenant_id, turn_id=turn_id)

    transaction.on_commit(nudge, using=router.db_for_write(Turn), robust=True)


def _nobody_works_on_it() -> Q:
    return (
        Q(state=TurnState.QUEUED)
        | Q(state=TurnState.RUNNING, lease_until__lt=Now())
        | Q(state=TurnState.WAITING, wake_at__lt=Now())
    )


def _claimed(tenant_id: UUID, turn_id: UUID, *, with_dialogue: bool = True) -> Claim:
    with tenant_scope(tenant_id):
        turn = Turn.objects.select_related("conversation", "version__assistant").get(pk=turn_id)
        return Claim(
            tenant_id=tenant_id,
            turn_id=turn.id,
            conversation_id=turn.conversation_id,
            epoch=turn.epoch,
            attempt=turn.attempt,
            question=_question(turn, with_dialogue=with_dialogue),
        )


def _question(turn: Turn, *, with_dialogue: bool) -> Question:
    """The visitor's words since the last answer, and what was said before in this segment."""
    conversation = turn.conversation
    said = _dialogue(turn) if with_dialogue else []
    asked: list[str] = []
    while said and said[-1][0] == AuthorKind.VISITOR:
        asked.insert(0, said.pop()[1])
    return Question(
        version=snapshot_of(turn.version),
        text="\n".join(asked),
        history=[(who, what) for who, what, _ in said],
        offered=said[-1][2] if said else (),
        conversation_id=conversation.id,
        language=conversation.language,
        flow=conversation.flow,
        variables=conversation.variables,
        additional_input=turn.additional_input,
        unanswered=conversation.unanswered,
        paused=turn.paused,
    )


def _dialogue(turn: Turn) -> list[tuple[str, str, list[str]]]:
    """(who, what, choices offered with it), oldest first."""
    conversation = turn.conversation
    rows = (
        conversation.messages.filter(
            seq__gt=conversation.segment_start, seq__lte=turn.question_seq, private=False
        )
        .exclude(author_kind=AuthorKind.SYSTEM)
        .order_by("-seq")
        .values_list("author_kind", "text", "choices")
    )
    return list(rows[:HISTORY_LENGTH])[::-1]


def _open_turn(conversation: Conversation) -> UUID | None:
    turns = Turn.objects.filter(conversation=conversation, state__in=OPEN_STATES)
    found: UUID | None = turns.values_list("id", flat=True).first()
    return found


def _end_open(conversation: Conversation, state: TurnState) -> None:
    with connections[router.db_for_write(Turn)].cursor() as cursor:
        cursor.execute(END_OPEN, [state, conversation.pk, list(OPEN_STATES)])
        ended = cursor.fetchall()
    for turn_id, engine in ended:
        if engine == AssistantVersion.Engine.MODEL:
            usage.release(turn_id)
