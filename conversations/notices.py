"""Mail to members who are not there: of what was assigned to them, of notes that name them, and of
visitors who wrote to them. Each as its member wishes, and one in ten minutes of a conversation.
"""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from conversations import engine
from conversations.models import AuthorKind, Availability, Conversation, Owner
from tenants import mail, preferences
from tenants.errors import NotFound
from tenants.models import Mail, Membership
from tenants.scope import platform_scope, tenant_scope

logger = logging.getLogger(__name__)

ASSIGNED, MENTION, REPLY = "assigned", "mention", "reply"
PAUSE_SECONDS = 600
UNREAD_FOR = timedelta(minutes=1)
# What is older was there before members were told.
NEWS_FOR = timedelta(days=1)
AT_ONCE = 500
TEXT_LENGTH = 200


def tell(
    conversation: Conversation,
    members: Iterable[Membership],
    event: str,
    *,
    text: str = "",
    by: str = "",
) -> bool:
    """Mail those of these members who are away and want to hear of such an event.

    Inside the tenant's scope. ``text`` is what was said, ``by`` who said it or did it. False if
    it is too soon for any of them.
    """
    wanting = [each for each in members if preferences.wants_mail(each, event)]
    if conversation.is_test or not wanting:
        return True
    told = [_write(conversation, each, event, text, by) for each in _away(wanting)]
    return all(told)


def tell_of_replies() -> None:
    """Tell members of what visitors wrote to them a minute ago, which they have not read."""
    for tenant_id, conversation_id in _due():
        try:
            with tenant_scope(tenant_id), suppress(NotFound):
                _tell_of_reply(engine.team_conversation(conversation_id))
        except Exception:
            # Nobody else's are to wait for these, whatever it is that fails every time.
            logger.exception("The reply in %s could not be told of", conversation_id)


def is_unread_by_assignee() -> Q:
    """Conversations in which a visitor wrote to the member who holds it, who was not told yet."""
    return Q(owner=Owner.HUMAN, unread__gt=0, message_seq__gt=F("told_seq"))


def _due() -> list[tuple[UUID, UUID]]:
    with platform_scope("find unread messages"):
        waiting = Conversation.objects.filter(
            is_unread_by_assignee(),
            assignee__is_active=True,
            updated_at__lt=Now() - UNREAD_FOR,
            updated_at__gt=Now() - NEWS_FOR,
        )
        there = Availability.objects.filter(present_until__gt=Now()).values("member_id")
        rows = waiting.exclude(assignee__in=there).order_by("updated_at")
        return list(rows.values_list("tenant_id", "id")[:AT_ONCE])


def _tell_of_reply(conversation: Conversation) -> None:
    member = conversation.assignee
    if member is None or not conversation.unread:
        return
    said = conversation.messages.filter(author_kind=AuthorKind.VISITOR, erased_at=None)
    text = said.order_by("-seq").values_list("text", flat=True).first() or ""
    if not tell(conversation, [member], REPLY, text=text, by=_visitor(conversation)):
        # It is looked at again, until it is time.
        return
    conversation.told_seq = conversation.message_seq
    conversation.save(update_fields=["told_seq"])


def _away(members: list[Membership]) -> list[Membership]:
    there: QuerySet[Any] = Availability.objects.filter(present_until__gt=Now(), member__in=members)
    present = set(there.values_list("member_id", flat=True))
    return [each for each in members if each.pk not in present]


def _write(conversation: Conversation, member: Membership, event: str, text: str, by: str) -> bool:
    name = f"news {conversation.id} {member.id}"
    period = int(time.time() // PAUSE_SECONDS)
    # Of this period or of the one before: their keys are the only two that may be too new.
    keys = [f"{name} {each}" for each in (period, period - 1)]
    lately = Now() - timedelta(seconds=PAUSE_SECONDS)
    if Mail.objects.filter(key__in=keys, created_at__gt=lately).exists():
        return False
    context = {
        "event": event,
        "by": mail.one_line(by),
        "who": _visitor(conversation),
        "said": mail.one_line(text)[:TEXT_LENGTH],
        "url": f"{settings.PUBLIC_URL}/c/{conversation.id}",
    }
    mail.send("conversation_news", member.user.email, context, key=keys[0])
    return True


def _visitor(conversation: Conversation) -> str:
    contact = conversation.contact
    return mail.one_line(contact.name) or contact.email or "A visitor"
