"""What members have written and not sent: theirs alone, and nobody is told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from conversations.announcements import timestamp_or_none
from conversations.models import Conversation, Draft
from tenants.ids import uuid7
from tenants.models import Membership
from tenants.scope import platform_scope

LONGEST_DRAFT = 10_000
KEPT_FOR = timedelta(days=90)


def draft_of(conversation_id: UUID, member: Membership) -> dict[str, Any]:
    """The member's draft, which is empty if they have none."""
    found = Draft.objects.filter(conversation_id=conversation_id, member=member).first()
    return draft_data(found or Draft(conversation_id=conversation_id))


def keep(
    conversation: Conversation, member: Membership, *, text: str, private: bool
) -> dict[str, Any]:
    """Keep a draft instead of the one before; an empty one is none."""
    if not text.strip():
        drop(conversation, member)
        return draft_data(Draft(conversation=conversation))
    draft = Draft(
        id=uuid7(),
        tenant_id=conversation.tenant_id,
        conversation=conversation,
        member=member,
        text=text,
        private=private,
        updated_at=datetime.now(UTC),
    )
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["conversation", "member"],
        update_fields=["text", "private", "updated_at"],
    )
    return draft_data(draft)


def drop(conversation: Conversation, member: Membership, **kind: bool) -> None:
    Draft.objects.filter(conversation=conversation, member=member, **kind).delete()


def of_member(member: Membership) -> QuerySet[Draft]:
    return Draft.objects.filter(member=member)


def forget_old() -> None:
    """Delete what nobody has come back to for long."""
    with platform_scope("forget old drafts"):
        old = Draft.objects.filter(updated_at__lt=Now() - KEPT_FOR).order_by("updated_at")
        Draft.objects.filter(pk__in=old.values("pk")[:1_000]).delete()


def draft_data(draft: Draft) -> dict[str, Any]:
    return {
        "conversationId": str(draft.conversation_id),
        "text": draft.text,
        "private": draft.private,
        "updatedAt": timestamp_or_none(draft.updated_at),
    }
