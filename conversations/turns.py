"""Turns: who makes an answer, until when, and whether it may still be posted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import router, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from assistants.events import Reply
from assistants.versions import VersionSnapshot, snapshot_of
from conversations.announcements import announce_conversation
from conversations.models import AuthorKind, Conversation, Message, Owner, Turn, TurnState
from conversations.models.turn import OPEN_STATES
from conversations.posting import post
from realtime import bus
from tenants.errors import BadRequest
from tenants.scope import platform_scope, tenant_scope

LEASE = timedelta(seconds=10)
ATTEMPTS = 3
HISTORY_LENGTH = 20
NUDGE = "conversations.tasks.answer"


class LostLease(Exception):
    """Another worker took the turn over, or it is not wanted any more."""


@dataclass(frozen=True)
class Claim:
    """A turn that this worker holds, and all that is needed to answer it."""

    tenant_id: UUID
    turn_id: UUID
    conversation_id: UUID
    epoch: int
    attempt: int
    version: VersionSnapshot
    question: str
    history: list[tuple[str, str]]


def begin(conversation: Conversation, *, question_seq: int) -> Turn:
    """Put the assistant to work; an answer that is still being made will cover both questions."""
    version_id = conversation.assistant and (
        conversation.assistant.staging_id
        if conversation.is_test
        else conversation.assistant.production_id
    )
    if version_id is None:
        raise BadRequest("No assistant is configured.", code="no_assistant")
    if question_seq > 1:
        _end_open(conversation, TurnState.SUPERSEDED)
    turn = Turn.objects.create(
        tenant_id=conversation.tenant_id,
        conversation=conversation,
        version_id=version_id,
        question_seq=question_seq,
        epoch=conversation.epoch,
        created_at=datetime.now(UTC),
    )
    _nudge_after_commit(turn)
    return turn


def cancel_open(conversation: Conversation) -> None:
    _end_open(conversation, TurnState.CANCELLED)


def claim(tenant_id: UUID, turn_id: UUID) -> Claim | None:
    """Take the turn's lease; None when somebody else holds it or it is finished."""
    with tenant_scope(tenant_id):
        taken = (
            Turn.objects.filter(pk=turn_id, attempt__lt=ATTEMPTS)
            .filter(Q(state=TurnState.QUEUED) | Q(state=TurnState.RUNNING, lease_until__lt=Now()))
            .update(state=TurnState.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE)
        )
    # The attempt counts, even if what follows fails: nothing is tried for ever.
    return _claimed(tenant_id, turn_id, with_dialogue=True) if taken else None


def renew(held: Claim) -> bool:
    """Keep the lease; False when the answer is not wanted any more."""
    with tenant_scope(held.tenant_id):
        return bool(_held(held).update(lease_until=Now() + LEASE))


def release(held: Claim) -> None:
    """Give the lease back, so that another worker goes on at once."""
    with tenant_scope(held.tenant_id):
        _held(held).update(lease_until=Now())


def commit_reply(held: Claim, reply: Reply, *, model: str, tokens: int) -> bool:
    """Post the answer, if the conversation still waits for exactly this one."""
    return _commit(held, reply, model=model, tokens=tokens)


def commit_handover(
    held: Claim, *, reason: str, text: str, model: str = "", tokens: int = 0
) -> bool:
    """Hand the conversation over to the team, saying so to the visitor."""
    return _commit(held, Reply(text=text), handover=reason, model=model, tokens=tokens)


def due(*, limit: int = 200) -> list[tuple[UUID, UUID]]:
    """Turns of all tenants that nobody is working on: (tenant, turn), oldest first."""
    with platform_scope("sweep turns"):
        rows = (
            Turn.objects.filter(state__in=OPEN_STATES)
            .filter(
                Q(state=TurnState.QUEUED, created_at__lt=Now() - timedelta(seconds=1))
                | Q(lease_until__lt=Now())
            )
            .order_by("created_at")
            .values_list("tenant_id", "id")
        )
        return list(rows[:limit])


def claim_exhausted(tenant_id: UUID, turn_id: UUID) -> Claim | None:
    """Take a turn whose last permitted attempt has lapsed, so that it can be handed over."""
    with tenant_scope(tenant_id):
        taken = Turn.objects.filter(
            pk=turn_id, state__in=OPEN_STATES, attempt__gte=ATTEMPTS, lease_until__lt=Now()
        ).update(state=TurnState.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE)
    return _claimed(tenant_id, turn_id, with_dialogue=False) if taken else None


def _commit(held: Claim, reply: Reply, *, model: str, tokens: int, handover: str = "") -> bool:
    try:
        with tenant_scope(held.tenant_id):
            conversation = (
                Conversation.objects.select_for_update(of=("self",))
                .select_related("contact")
                .filter(pk=held.conversation_id, owner=Owner.BOT, epoch=held.epoch)
                .first()
            )
            if conversation is None:
                raise LostLease
            message = _post_answer(conversation, held, reply, handover)
            finished = _held(held).update(
                state=TurnState.HANDED_OVER if handover else TurnState.ANSWERED,
                reply=message,
                reason=handover,
                model=model,
                tokens=tokens,
                finished_at=Now(),
            )
            if not finished:
                raise LostLease
            return True
    except LostLease:
        return False


def _post_answer(conversation: Conversation, held: Claim, reply: Reply, handover: str) -> Message:
    if handover:
        conversation.owner = Owner.WAITING
        conversation.epoch += 1
        conversation.handover_reason = handover
    message = post(
        conversation,
        author_kind=AuthorKind.ASSISTANT,
        author_id=held.version.assistant_id,
        author_name=held.version.name,
        text=reply.text,
        sources=list(reply.citations),
        choices=list(reply.choices),
    )
    if handover:
        announce_conversation(conversation, "conversation:updated", to_visitor=True)
    return message


def _claimed(tenant_id: UUID, turn_id: UUID, *, with_dialogue: bool) -> Claim:
    with tenant_scope(tenant_id):
        turn = Turn.objects.select_related("conversation", "version__assistant").get(pk=turn_id)
        question, history = _dialogue(turn) if with_dialogue else ("", [])
        return Claim(
            tenant_id=tenant_id,
            turn_id=turn.id,
            conversation_id=turn.conversation_id,
            epoch=turn.epoch,
            attempt=turn.attempt,
            version=snapshot_of(turn.version),
            question=question,
            history=history,
        )


def _held(held: Claim) -> QuerySet[Turn]:
    return Turn.objects.filter(pk=held.turn_id, state=TurnState.RUNNING, attempt=held.attempt)


def _end_open(conversation: Conversation, state: TurnState) -> None:
    Turn.objects.filter(conversation=conversation, state__in=OPEN_STATES).update(
        state=state, finished_at=Now()
    )


def _dialogue(turn: Turn) -> tuple[str, list[tuple[str, str]]]:
    """The visitor's words since the last answer, and what was said before in this segment."""
    conversation = turn.conversation
    rows = list(
        conversation.messages.filter(
            seq__gt=conversation.segment_start, seq__lte=turn.question_seq, private=False
        )
        .exclude(author_kind=AuthorKind.SYSTEM)
        .order_by("-seq")
        .values_list("author_kind", "text")[:HISTORY_LENGTH]
    )[::-1]
    asked: list[str] = []
    while rows and rows[-1][0] == AuthorKind.VISITOR:
        asked.insert(0, rows.pop()[1])
    return "\n".join(asked), rows


def _nudge_after_commit(turn: Turn) -> None:
    tenant_id, turn_id = str(turn.tenant_id), str(turn.id)

    def nudge() -> None:
        bus.nudge(NUDGE, tenant_id=tenant_id, turn_id=turn_id)

    transaction.on_commit(nudge, using=router.db_for_write(Turn), robust=True)
