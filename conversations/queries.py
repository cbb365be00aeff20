"""What the team reads: plain data, in a fixed number of queries, inside a tenant's scope."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from assistants.spending import spent
from conversations import attendance, live_visitors
from conversations.announcements import (
    conversation_data,
    team_message_data,
    tool_call_data,
)
from conversations.attachments import in_time
from conversations.errors import conversation_not_found
from conversations.models import Attachment, Conversation, Message, ToolCall
from conversations.pages import PAGE_SIZE, Page, decode_cursor, page_of
from tenants.errors import NotFound, Unavailable
from tenants.ids import parse_uuid

LARGEST_SEQ = 2**31 - 1


def conversation(conversation_id: object) -> dict[str, Any]:
    """One conversation with everything that the team may know. Raises NotFound."""
    rows = Conversation.objects.select_related("contact")
    found: Conversation | None = rows.filter(pk=parse_uuid(conversation_id)).first()
    if found is None:
        raise conversation_not_found()
    return {
        **conversation_data(found),
        "usage": spent(found.id).data(),
        "qualification": found.qualification,
        "variables": found.variables,
        "visitorReadSeq": found.visitor_read_seq,
        **_whereabouts(found),
    }


def is_conversation(conversation_id: object) -> bool:
    """Whether the tenant has a conversation with this id."""
    return bool(Conversation.objects.filter(pk=parse_uuid(conversation_id)).exists())


def history(conversation_id: object, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page:
    """A conversation's messages, notes included, latest first. Raises NotFound."""
    rows = _messages().filter(conversation_id=known_conversation(conversation_id)).order_by("-seq")
    if cursor:
        rows = rows.filter(seq__lt=decode_cursor(cursor, _read_seq))
    return page_of(rows, size=size, render=team_message_data, position=lambda row: str(row.seq))


def tool_calls(
    conversation_id: object, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page:
    """The calls of tools in a conversation, latest first. Raises NotFound."""
    rows = ToolCall.objects.filter(conversation_id=known_conversation(conversation_id)).order_by(
        "-id"
    )
    if cursor:
        rows = rows.filter(id__lt=decode_cursor(cursor, UUID))
    return page_of(rows, size=size, render=tool_call_data, position=lambda row: str(row.id))


def message(message_id: UUID) -> dict[str, Any]:
    """One message as it is stored by now."""
    return team_message_data(_messages().get(pk=message_id))


def attachment(attachment_id: object) -> Attachment:
    """A file that was sent, or that the team is about to send. Raises NotFound for any other."""
    visible = Q(message__isnull=False) | Q(session=None)
    found: Attachment | None = Attachment.objects.filter(
        visible, in_time(), pk=parse_uuid(attachment_id)
    ).first()
    if found is None:
        raise NotFound("Attachment not found.", code="attachment_not_found")
    return found


def _whereabouts(conversation: Conversation) -> dict[str, Any]:
    """Where the visitor is now, as far as Redis knows."""
    tenant_id, session_id = conversation.tenant_id, conversation.session_id
    if session_id is None:
        return {"page": None, "presence": None}
    try:
        page = live_visitors.last_page(tenant_id, session_id)
        is_there = attendance.is_here(tenant_id, conversation.id)
        is_there = is_there or live_visitors.is_there(tenant_id, session_id)
    except Unavailable:
        return {"page": None, "presence": None}
    return {"page": page, "presence": "online" if is_there else "away"}


def known_conversation(conversation_id: object) -> UUID:
    """The id if it is a conversation's of the tenant. Raises NotFound for any other."""
    known = parse_uuid(conversation_id)
    if known is None or not is_conversation(known):
        raise conversation_not_found()
    return known


def _messages() -> "QuerySet[Message]":
    files = Prefetch("attachments", Attachment.objects.order_by("id"), to_attr="files")
    return Message.objects.prefetch_related(files)


def _read_seq(text: str) -> int:
    return max(0, min(int(text), LARGEST_SEQ))
