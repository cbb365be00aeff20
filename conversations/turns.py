"""Turns: who makes an answer, until when, and from where it goes on.

A turn of a language model is paid for: it is reserved when it begins, and given back when it ends
without an answer.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import Now, RowNumber

from assistants import usage
from assistants.events import Pause
from assistants.models import AssistantVersion, Tool
from assistants.question import Question
from assistants.versions import VersionSnapshot, snapshot_by
from conversations import tool_calls
from conversations.models import AuthorKind, Conversation, Owner, ToolCall, Turn, TurnState
from conversations.models.turn import OPEN_STATES
from realtime import bus
from tenants import metrics, tracing
from tenants.errors import BadRequest
from tenants.scope import platform_scope, tenant_scope

LEASE = timedelta(seconds=10)
ATTEMPTS = 3
HISTORY_LENGTH = 20
NUDGE = "conversations.tasks.answer"
# Of the turn and of what it belongs to, what is asked for below: to read all takes longer.
CLAIMED = (
    *("attempt", "excused", "epoch", "question_seq", "lease_until", "created_at", "version_id"),
    *("additional_input", "prefers_fallback", "paused"),
    *(
        f"conversation__{name}"
        for name in (
            *("tenant_id", "channel", "segment_start", "named_language", "language", "flow"),
            *("variables", "unanswered"),
        )
    ),
    *("version__assistant__name", "version__assistant__knowledge_revision"),
)
# In one statement with what they cost to know: most turns are not paid for.
END_OPEN = """
UPDATE conversations_turn AS turn SET state = %s, paused = NULL, finished_at = statement_timestamp()
FROM assistants_assistantversion AS version
WHERE turn.conversation_id = %s AND turn.state = ANY(%s) AND version.id = turn.version_id
RETURNING turn.id, version.engine
"""


class LostLease(Exception):
    """Another worker took the turn over, or it is not wanted any more."""


@dataclass(frozen=True)
class Effects:
    """What an answer does beside being said; it happens together with that or not at all."""

    qualified: dict[str, Any] | None = None
    ends: bool = False
    language: str = ""


NOTHING_ELSE = Effects()


@dataclass(frozen=True)
class Claim:
    """A turn that this worker holds, and the question that it is to answer.

    ``effects`` are those of the answer as far as it had come when it was paused.
    """

    tenant_id: UUID
    turn_id: UUID
    conversation_id: UUID
    epoch: int
    attempt: int
    question: Question
    effects: Effects = NOTHING_ELSE


def begin(
    conversation: Conversation,
    *,
    question_seq: int,
    additional_input: Mapping[str, Any] | None = None,
    model: str = "",
) -> Turn:
    """Put the assistant to work; an answer that is still being made will cover both questions.

    ``model`` is the one to ask first, if it is one of the version's.

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
        prefers_fallback=model != "" and model == version.fallback_model != version.model,
        # By the clock that the sweep goes by: ahead of it, a question would wait to be seen.
        created_at=Now(),
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
    tracing.note({"livechat.turn_id": str(turn.id)})
    nudge_after_commit(turn.tenant_id, turn.id)
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
    """Take the turn's lease; None when somebody else holds it, it waits, or it is finished."""
    claimed = _take_up(tenant_id, turn_id)
    if claimed is None and _stop_waiting(tenant_id, turn_id):
        claimed = _take_up(tenant_id, turn_id)
    return claimed


def pause(held: Claim, pause: Pause, effects: Effects = NOTHING_ELSE) -> bool:
    """Wait for whoever must act first; False when the answer is not wanted any more.

    A turn that has nothing to wait for goes on at once, but not for ever: that is no excuse.
    """
    try:
        with tenant_scope(held.tenant_id):
            conversation = awaiting(held)
            permitted = [one for one in pause.requests if one.tool in held.question.version.tools]
            deadline = tool_calls.ask(conversation, held.turn_id, permitted)
            _put_aside(held, {"state": pause.state, "effects": asdict(effects)}, deadline)
            return True
    except LostLease:
        return False


def go_on(tenant_id: UUID, turn_id: UUID) -> None:
    """Take a turn up again if none of its calls waits any more; its conversation is locked."""
    deadline = tool_calls.next_deadline(turn_id)
    waiting = Turn.objects.filter(pk=turn_id, state=TurnState.WAITING)
    state = TurnState.WAITING if deadline else TurnState.QUEUED
    if waiting.update(state=state, wake_at=deadline) and not deadline:
        nudge_after_commit(tenant_id, turn_id)


def awaiting(held: Claim, *, with_contact: bool = True) -> Conversation:
    """The conversation, locked, while it waits for exactly this answer. Raises LostLease."""
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True)
    if with_contact:
        rows = rows.select_related("contact")
    conversation: Conversation | None = rows.filter(
        pk=held.conversation_id, owner=Owner.BOT, epoch=held.epoch
    ).first()
    if conversation is None:
        raise LostLease
    return conversation


def renew(held: Claim) -> bool:
    """Keep the lease; False when the answer is not wanted any more."""
    with tenant_scope(held.tenant_id):
        return bool(held_turn(held).update(lease_until=Now() + LEASE))


def release(held: Claim) -> None:
    """Give the lease back unused, so that another worker goes on at once."""
    with tenant_scope(held.tenant_id):
        held_turn(held).update(lease_until=Now(), excused=F("excused") + 1)


def due(*, limit: int = 200) -> list[tuple[UUID, UUID]]:
    """Turns of all tenants that nobody is working on: (tenant, turn).

    Each tenant's oldest comes first, then each one's next, so that nobody's many hide another's.
    """
    place = Window(RowNumber(), partition_by=F("tenant_id"), order_by="created_at")
    with platform_scope("sweep turns"):
        rows = (
            Turn.objects.filter(state__in=OPEN_STATES)
            .filter(_nobody_works_on_it() | _waited_enough())
            # A nudge gets there first, and should.
            .exclude(state=TurnState.QUEUED, created_at__gte=Now() - timedelta(seconds=1))
            .order_by(place, "created_at")
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


def nudge_after_commit(tenant_id: UUID, turn_id: UUID) -> None:
    def nudge() -> None:
        bus.nudge(NUDGE, tenant_id=str(tenant_id), turn_id=str(turn_id))

    transaction.on_commit(nudge, using=router.db_for_write(Turn), robust=True)


def _take_up(tenant_id: UUID, turn_id: UUID) -> Claim | None:
    try:
        with tenant_scope(tenant_id):
            return _claimed(tenant_id, turn_id) if _take(tenant_id, turn_id) else None
    except Exception:
        # The attempt counts, even if what follows fails: nothing is tried for ever.
        _take(tenant_id, turn_id)
        raise


def _take(tenant_id: UUID, turn_id: UUID) -> bool:
    with tenant_scope(tenant_id):
        free = Turn.objects.filter(pk=turn_id, attempt__lt=ATTEMPTS + F("excused"))
        taken = free.filter(_nobody_works_on_it()).update(
            state=TurnState.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE
        )
        return bool(taken)


def _stop_waiting(tenant_id: UUID, turn_id: UUID) -> bool:
    """Give up the calls that a turn has waited for long enough."""
    with tenant_scope(tenant_id):
        turn = Turn.objects.filter(_waited_enough(), pk=turn_id).first()
        if turn is None:
            return False
        conversations = Conversation.objects.select_for_update(of=("self",), no_key=True)
        conversations.get(pk=turn.conversation_id)
        tool_calls.expire(ToolCall.objects.filter(turn_id=turn_id, deadline__lt=Now()))
        go_on(tenant_id, turn_id)
        return True


def _put_aside(held: Claim, paused: dict[str, Any], deadline: datetime | None) -> None:
    put_aside = held_turn(held).update(
        state=TurnState.WAITING if deadline else TurnState.QUEUED,
        paused=paused,
        wake_at=deadline,
        lease_until=None,
        excused=F("excused") + (1 if deadline else 0),
    )
    if not put_aside:
        raise LostLease
    if not deadline:
        nudge_after_commit(held.tenant_id, held.turn_id)


def _nobody_works_on_it() -> Q:
    return Q(state=TurnState.QUEUED) | Q(state=TurnState.RUNNING, lease_until__lt=Now())


def _waited_enough() -> Q:
    return Q(state=TurnState.WAITING, wake_at__lt=Now())


def _claimed(tenant_id: UUID, turn_id: UUID, *, with_dialogue: bool = True) -> Claim:
    with tenant_scope(tenant_id):
        turns = Turn.objects.select_related("conversation", "version__assistant")
        turn = turns.only(*CLAIMED).get(pk=turn_id)
        _count_attempt(turn)
        return Claim(
            tenant_id=tenant_id,
            turn_id=turn.id,
            conversation_id=turn.conversation_id,
            epoch=turn.epoch,
            attempt=turn.attempt,
            question=_question(turn, with_dialogue=with_dialogue),
            effects=Effects(**turn.paused["effects"]) if turn.paused else NOTHING_ELSE,
        )


def _count_attempt(turn: Turn) -> None:
    if turn.attempt == 1:
        # By the database's clock alone.
        assert turn.lease_until is not None
        waited = turn.lease_until - turn.created_at - LEASE
        metrics.TURN_WAIT.observe(waited.total_seconds())
    elif turn.attempt - turn.excused > 1:
        metrics.TURN_TAKEOVERS.inc()


def _question(turn: Turn, *, with_dialogue: bool) -> Question:
    """The visitor's words since the last answer, and what was said before in this segment."""
    conversation = turn.conversation
    said = _dialogue(turn) if with_dialogue else []
    asked: list[str] = []
    while said and said[-1][0] == AuthorKind.VISITOR:
        asked.insert(0, said.pop()[1])
    return Question(
        version=_version_of(turn),
        text="\n".join(asked),
        history=[(who, what) for who, what, _ in said],
        offered=said[-1][2] if said else (),
        conversation_id=conversation.id,
        named_language=conversation.named_language,
        language=conversation.language,
        flow=conversation.flow,
        variables=conversation.variables,
        additional_input=turn.additional_input,
        unanswered=conversation.unanswered,
        paused=turn.paused and turn.paused["state"],
    )


def _version_of(turn: Turn) -> VersionSnapshot:
    """The version, its models in the order that the client wished for.

    Without the tools of a page, where there is none: nobody would answer them.
    """
    version = snapshot_by(turn.version_id, turn.version.assistant)
    if turn.prefers_fallback:
        version = version.with_fallback_first()
    if turn.conversation.has_page:
        return version
    return replace(version, tools=tuple(t for t in version.tools if t.place != Tool.Place.CLIENT))


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
    if ended:
        tool_calls.close(conversation)
