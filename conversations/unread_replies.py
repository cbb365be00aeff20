"""What members replied to visitors who have not read it: once, for whoever takes it elsewhere."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Now

from conversations.models import AuthorKind, Conversation, Message
from tenants.scope import platform_scope

UNREAD_FOR = timedelta(minutes=1)
AT_ONCE = 200
# What is beyond that is read on the page.
MESSAGES_AT_ONCE = 20


def due() -> list[tuple[UUID, UUID]]:
    """Conversations whose visitor has left a reply unread for a minute: (tenant, conversation)."""
    with platform_scope("find unread replies"):
        rows = Conversation.objects.filter(unread_reply_since__lt=Now() - UNREAD_FOR)
        found = rows.order_by("unread_reply_since").values_list("tenant_id", "id")
        return list(found[:AT_ONCE])


def take(conversation: Conversation) -> list[Message]:
    """The replies that nobody has read or taken before, oldest first; none is given twice.

    Nothing until the oldest of them is a minute old. Who writes has read what was said before. The
    conversation must be locked.
    """
    unread = _unread(conversation)
    replies = list(unread.order_by("-seq")[:MESSAGES_AT_ONCE])[::-1]
    conversation.unread_reply_since = None
    if replies and unread.filter(created_at__lt=Now() - UNREAD_FOR).exists():
        conversation.mailed_seq = replies[-1].seq
    elif replies:
        # Read up to these, which are newer.
        conversation.unread_reply_since = replies[0].created_at
        replies = []
    conversation.save(update_fields=["unread_reply_since", "mailed_seq"])
    return replies


def _unread(conversation: Conversation) -> Any:
    messages = conversation.messages
    own = messages.filter(author_kind=AuthorKind.VISITOR).aggregate(last=Max("seq"))["last"]
    known = max(own or 0, conversation.visitor_read_seq, conversation.mailed_seq)
    return messages.filter(
        author_kind=AuthorKind.AGENT, private=False, erased_at=None, seq__gt=known
    )
