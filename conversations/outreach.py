"""Speaking first: a member writes to somebody who has only looked so far."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from assistants.models import Assistant
from conversations import engine
from conversations.models import (
    AuthorKind,
    Conversation,
    Message,
    Owner,
    Status,
    Team,
    VisitorSession,
)
from conversations.opening import open_conversation
from conversations.sessions import proved_session, session_begun_for
from tenants.errors import NotFound, Unauthorized
from tenants.models import Membership
from tenants.tracing import traced


@dataclass(frozen=True)
class Addressee:
    """A visitor of a bubble's page: a session if there is one, else what the page is called."""

    source_id: UUID
    page_id: str
    session_id: str | None
    origin: str = ""


@traced
def write_to(
    addressee: Addressee,
    member: Membership,
    *,
    text: str,
    assistant: Assistant | None,
    team: Team | None,
    client_id: str | None = None,
) -> Message:
    """Post a member's message in the visitor's open conversation, or in a new one that it begins.

    The visitor's page learns of a new one when it reports itself next. Raises NotFound for a
    session that has ended, and what a reply does.
    """
    session = _session(addressee)
    conversation = _open_one(session)
    if conversation is None:
        conversation = open_conversation(session, assistant=assistant)
        conversation.owner, conversation.assignee = Owner.HUMAN, member
        conversation.team = team
    return engine.post_reply(conversation, member, text=text, client_id=client_id)


def unheard_of(session: VisitorSession) -> UUID | None:
    """The conversation that the team began and whose visitor has not seen it yet."""
    speaks_first = Message.objects.filter(
        conversation=OuterRef("pk"), seq=1, author_kind=AuthorKind.AGENT
    )
    rows = Conversation.objects.filter(Exists(speaks_first), session=session, visitor_read_seq=0)
    unseen: QuerySet[Any] = rows.exclude(status=Status.RESOLVED).order_by("-created_at")
    found: UUID | None = unseen.values_list("id", flat=True).first()
    return found


def _session(addressee: Addressee) -> VisitorSession:
    if addressee.session_id is None:
        return session_begun_for(addressee.source_id, addressee.page_id, origin=addressee.origin)
    try:
        return proved_session(UUID(addressee.session_id))
    except Unauthorized:
        raise NotFound("Visitor not found.", code="visitor_not_found") from None


def _open_one(session: VisitorSession) -> Conversation | None:
    rows = Conversation.objects.filter(session=session, channel="chat", message_seq__gt=0)
    latest = rows.exclude(status=Status.RESOLVED).order_by("-created_at")
    found = latest.values_list("id", flat=True).first()
    return engine.team_conversation(found) if found else None
