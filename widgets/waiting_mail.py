"""A mail to those of the team who can do something for a visitor that nobody is there for.

Once for each conversation and member, however often it comes to wait: the mail's key says so. It
is written in the language of the member's browser at the last log-in, else the tenant's first one.
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
from tenants.account_mail import known_of, spelled
from tenants.errors import TooManyRequests
from tenants.languages import base_of
from tenants.models import Membership
from widgets.bubbles import first_language

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
    facts = _facts(conversation)
    tenants = base_of(first_language())
    with suppress(TooManyRequests):
        limits.hit(limits.WAITING_MAILS, conversation.tenant_id)
        for member in filter(_wants, _told(conversation)):
            _write(conversation, member, facts, known_of(member.user.language, tenants))


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


def _write(
    conversation: Conversation, member: Membership, facts: dict[str, Any], language: str
) -> None:
    url = f"{settings.PUBLIC_URL}/c/{conversation.id}"
    mail.send(
        "someone_waits",
        member.user.email,
        {**_words(facts, language), "url": url},
        reply_to=facts["email"],
        language=language,
        key=f"waits {conversation.id} {member.id}",
    )


def _words(facts: dict[str, Any], language: str) -> dict[str, str]:
    facts = {**facts, "who": facts["who"] or spelled("waits.visitor", language, {})}
    names = {
        "lead": "wrote" if facts["question"] else "asked",
        "way": "reply" if facts["email"] else "noEmail",
        **{name: name for name in ("subject", "button", "rest")},
    }
    said = {place: spelled(f"waits.{name}", language, facts) for place, name in names.items()}
    return {**said, "question": facts["question"]}


def _facts(conversation: Conversation) -> dict[str, Any]:
    contact = conversation.contact
    said = conversation.messages.filter(author_kind=AuthorKind.VISITOR, erased_at=None)
    text = said.order_by("-seq").values_list("text", flat=True).first() or ""
    question = mail.one_line(next(filter(str.strip, text.splitlines()), ""))[:QUESTION_LENGTH]
    email = _valid(contact.email)
    who = mail.one_line(contact.name) or email
    return {"who": who, "question": question, "email": email}


def _valid(email: str | None) -> str:
    """The address that a visitor left, unless it is none."""
    try:
        validate_email(email or "")
    except ValidationError:
        return ""
    return email or ""
