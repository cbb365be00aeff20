"""A mail to those of the team who can do something for a visitor that nobody is there for.

Once for each conversation and member, however often it comes to wait: the mail's key says so.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from conversations.models import AuthorKind, Conversation
from conversations.teams import members_of
from tenants import limits, mail, preferences
from tenants.errors import TooManyRequests
from tenants.models import Membership

MEMBERS_AT_MOST = 20
# What waits for longer was there before this was told.
NEWS_FOR = timedelta(days=1)
QUESTION_LENGTH = 200
Role = Membership.Role


def send(conversation: Conversation) -> None:
    """Tell the members of its team, or the tenant's owners where it has none; inside its scope.

    No more than a tenant gets in an hour: whoever begins conversations by the hundred fills no
    letter box.
    """
    since = conversation.waiting_since
    if conversation.is_test or since is None or since < timezone.now() - NEWS_FOR:
        return
    context = _context(conversation)
    with suppress(TooManyRequests):
        limits.hit(limits.WAITING_MAILS, conversation.tenant_id)
        for member in filter(_wants, _told(conversation)):
            _write(conversation, member, context)


def _told(conversation: Conversation) -> list[Membership]:
    people = Membership.objects.filter(
        tenant=conversation.tenant_id, is_active=True, user__is_active=True
    )
    team = conversation.team
    ids = members_of([team])[team.id] if team else []
    chosen = people.filter(pk__in=ids) if ids else people.filter(role=Role.OWNER)
    return list(chosen.select_related("user").order_by("pk")[:MEMBERS_AT_MOST])


def _wants(member: Membership) -> bool:
    return preferences.wants_mail(member, "waiting")


def _write(conversation: Conversation, member: Membership, context: dict[str, Any]) -> None:
    mail.send(
        "someone_waits",
        member.user.email,
        context,
        reply_to=context["email"],
        key=f"waits {conversation.id} {member.id}",
    )


def _context(conversation: Conversation) -> dict[str, Any]:
    contact = conversation.contact
    said = conversation.messages.filter(author_kind=AuthorKind.VISITOR, erased_at=None)
    text = said.order_by("-seq").values_list("text", flat=True).first() or ""
    question = mail.one_line(next(filter(str.strip, text.splitlines()), ""))[:QUESTION_LENGTH]
    email = _valid(contact.email)
    who = mail.one_line(contact.name) or email or "A visitor"
    url = f"{settings.PUBLIC_URL}/c/{conversation.id}"
    return {"who": who, "question": question, "email": email, "url": url}


def _valid(email: str | None) -> str:
    """The address that a visitor left, unless it is none."""
    try:
        validate_email(email or "")
    except ValidationError:
        return ""
    return email or ""
