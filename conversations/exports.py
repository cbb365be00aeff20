"""All contacts and conversations as tables, a batch at a time: plain data, the newest first."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from conversations.announcements import timestamp
from conversations.inbox import Filters, chosen
from conversations.models import Contact, Conversation, Priority

BATCH = 500

Row = list[object]
Batch = tuple[list[Row], UUID | None]

CONTACT_NAMES = ("id", "name", "email", "phone", "verified", "attributes", "createdAt")
CONVERSATION_NAMES = (
    "id",
    "channel",
    "status",
    "owner",
    "assignee",
    "team",
    "contactId",
    "contactName",
    "contactEmail",
    "contactPhone",
    "subject",
    "labels",
    "priority",
    "messages",
    "qualified",
    "handoverReason",
    "rating",
    "ratingComment",
    "createdAt",
    "updatedAt",
)


def contacts(before: UUID | None) -> Batch:
    """The next contacts, and where the following ones begin unless there are none."""
    return _batch(Contact.objects.all(), before, _contact_row)


def conversations(before: UUID | None, filters: Filters) -> Batch:
    """The same of the conversations that meet all filters."""
    rows = chosen(filters).select_related("contact", "assignee__user", "team")
    return _batch(rows, before, _conversation_row)


def _batch(rows: "QuerySet[Any]", before: UUID | None, render: Callable[[Any], Row]) -> Batch:
    """By what never changes, so that nothing is missed or told twice while it goes on."""
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[:BATCH])
    return [render(row) for row in found], found[-1].id if len(found) == BATCH else None


def _contact_row(contact: Contact) -> Row:
    return [
        contact.id,
        contact.name,
        contact.email,
        contact.phone,
        contact.external_id is not None,
        contact.attributes,
        timestamp(contact.created_at),
    ]


def _conversation_row(conversation: Conversation) -> Row:
    contact, assignee, team = conversation.contact, conversation.assignee, conversation.team
    return [
        conversation.id,
        conversation.channel,
        conversation.status,
        conversation.owner,
        assignee.user.email if assignee else None,
        team.name if team else None,
        contact.id,
        contact.name,
        contact.email,
        contact.phone,
        conversation.subject,
        ", ".join(conversation.labels),
        Priority(conversation.priority).word,
        conversation.message_seq,
        conversation.qualified_at is not None,
        conversation.handover_reason,
        conversation.rating_score,
        conversation.rating_comment,
        timestamp(conversation.created_at),
        timestamp(conversation.updated_at),
    ]
