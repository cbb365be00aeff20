"""Who holds a conversation: ``bot → waiting → human → bot | waiting | closed``.

Each arrow is one compare-and-set, so of two people (or a person and the assistant) who reach for a
conversation at once, one gets it and the other is told.
"""

from datetime import UTC, datetime
from typing import Any

from conversations import queueing, turns
from conversations.models import Conversation, Owner, Status
from tenants.errors import Conflict

ARROWS_TO = {
    Owner.BOT: (Owner.WAITING, Owner.HUMAN, Owner.CLOSED),
    Owner.WAITING: (Owner.BOT, Owner.HUMAN),
    Owner.HUMAN: (Owner.BOT, Owner.WAITING, Owner.CLOSED),
    Owner.CLOSED: (Owner.BOT, Owner.WAITING, Owner.HUMAN),
}

# Where a member is needed, or has a conversation in hand.
IN_HANDS = {Owner.WAITING, Owner.HUMAN}


def move(conversation: Conversation, to: Owner, **changes: Any) -> None:
    """Follow one arrow; answers that are being made for the old owner will not be posted.

    Raises Conflict when somebody else was quicker.
    """
    changes |= {"owner": to, "epoch": conversation.epoch + 1, "updated_at": datetime.now(UTC)}
    if to == Owner.WAITING:
        changes |= queueing.at_the_end(conversation)
    elif to != Owner.HUMAN:
        changes |= queueing.out_of_line()
    if IN_HANDS & {to, conversation.owner}:
        queueing.nudge_after_commit(conversation.tenant_id)
    moved = Conversation.objects.filter(
        pk=conversation.pk, owner__in=ARROWS_TO[to], epoch=conversation.epoch
    ).update(**changes)
    if not moved:
        raise Conflict("Somebody else was quicker.", code="owner_changed")
    for name, value in changes.items():
        setattr(conversation, name, value)
    turns.cancel_open(conversation)


def to_bot(conversation: Conversation) -> None:
    """Give it to the assistant, who starts afresh: what was said before is not its history."""
    move(
        conversation,
        Owner.BOT,
        status=Status.OPEN,
        snoozed_until=None,
        segment=conversation.segment + 1,
        segment_start=conversation.message_seq,
        assignee=None,
        handover_reason="",
        handover_summary="",
        unanswered=0,
    )
