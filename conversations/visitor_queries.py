"""What a visitor reads: their own conversations, and nothing that is the team's alone."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from assistants.models import Tool
from conversations.announcements import (
    message_data,
    text_or_none,
    tool_request_data,
    visitor_conversation_data,
)
from conversations.errors import conversation_not_found
from conversations.models import (
    Attachment,
    AuthorKind,
    Conversation,
    Message,
    Owner,
    Status,
    ToolCall,
    VisitorSession,
)
from conversations.pages import PAGE_SIZE, Page, decode_cursor, page_of
from conversations.sessions import theirs
from realtime.log import Channel, read_events, read_head
from tenants.errors import NotFound
from tenants.ids import parse_uuid

EVENTS_AT_ONCE = 200
UNSEEN_AT_ONCE = 100
LARGEST_NUMBER = 2**31 - 1
RESYNC = {"type": "resync", "data": {}}


def conversations(
    session: VisitorSession, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page:
    """The visitor's conversations, latest first."""
    begun = Conversation.objects.filter(theirs(session), message_seq__gt=0)
    rows = begun.select_related("assignee__user", "contact").order_by("-id")
    if cursor:
        rows = rows.filter(id__lt=decode_cursor(cursor, UUID))
    return page_of(rows, size=size, render=_summary, position=lambda row: str(row.id))


def own_conversation(session: VisitorSession, conversation_id: object) -> Conversation:
    """The visitor's conversation with this id. Raises NotFound for any other."""
    rows = Conversation.objects.filter(theirs(session), pk=parse_uuid(conversation_id))
    found: Conversation | None = rows.first()
    if found is None:
        raise conversation_not_found()
    return found


def open_conversation(session: VisitorSession) -> Conversation | None:
    """The conversation that the visitor's next message goes to, if there is one."""
    rows = Conversation.objects.filter(theirs(session), channel="chat")
    found: Conversation | None = (
        rows.exclude(status=Status.RESOLVED).order_by("-created_at").first()
    )
    return found


def is_first(conversation_id: UUID) -> bool:
    """Whether its session had no conversation before."""
    this = Conversation.objects.filter(pk=conversation_id)
    earlier = Conversation.objects.filter(
        session__in=this.values("session"), created_at__lt=this.values("created_at")
    )
    return not earlier.exists()


def history(
    session: VisitorSession,
    conversation_id: object,
    *,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """A conversation's messages without the team's notes, latest first. Raises NotFound."""
    rows = _messages().filter(conversation=own_conversation(session, conversation_id))
    if cursor:
        rows = rows.filter(seq__lt=decode_cursor(cursor, _read_number))
    return page_of(
        rows.order_by("-seq"), size=size, render=message_data, position=lambda row: str(row.seq)
    )


def transcript(
    conversation_ids: "Collection[UUID] | QuerySet[Any]", *, size: int
) -> list[dict[str, Any]]:
    """The latest messages of these conversations, one after the other, oldest first.

    Neither notes nor what was erased.
    """
    rows = _messages().filter(conversation__in=conversation_ids)
    # Ids grow with time.
    latest = rows.order_by("-conversation_id", "-seq")[:size]
    return [message_data(message) for message in latest][::-1]


def message(conversation: Conversation, message_id: object) -> dict[str, Any]:
    """One message of a visitor's conversation. Raises NotFound for any other, and for a note."""
    rows: Any = _messages().filter(conversation=conversation)
    found: Message | None = rows.filter(pk=parse_uuid(message_id)).first()
    if found is None:
        raise NotFound("Message not found.", code="message_not_found")
    return message_data(found)


def unseen(
    conversation: Conversation, *, also: UUID | str | None = None, after: int = 0
) -> list[dict[str, Any]]:
    """The latest that others said and the visitor has not seen, oldest first; ``also`` in any case.

    Nothing else up to message ``after``. Lines of ours tell who answers instead of the assistant,
    and are of no interest afterwards.
    """
    rows = _messages().filter(conversation=conversation).exclude(author_kind=AuthorKind.VISITOR)
    if conversation.owner == Owner.BOT:
        rows = rows.exclude(author_kind=AuthorKind.SYSTEM)
    new = rows.filter(seq__gt=max(conversation.visitor_read_seq, after))
    found = list(new.order_by("-seq")[:UNSEEN_AT_ONCE])
    if also is not None and str(also) not in {str(row.id) for row in found}:
        # Seen, or cut off: older than all of them.
        found += rows.filter(pk=also)
    return [message_data(row) for row in reversed(found)]


def events(session: VisitorSession, conversation_id: object, *, after: int) -> dict[str, Any]:
    """What followed event ``after``, as the socket would have told it. Raises NotFound."""
    conversation = own_conversation(session, conversation_id)
    channel = Channel(conversation.tenant_id, conversation.id)
    head = read_head(channel)
    found = read_events(channel, after=after, limit=EVENTS_AT_ONCE) if after < head else []
    is_whole = found and found[-1].seq == after + len(found)
    if after > head or (after < head and not is_whole):
        return {"results": [RESYNC], "lastEventId": head, "hasMore": False}
    last = found[-1].seq if found else after
    return {
        "results": [
            {"type": event.type, "data": event.data, "id": event.seq, "ts": event.at}
            for event in found
        ],
        "lastEventId": last,
        "hasMore": last < head,
    }


def waiting_tool_calls(conversation_id: UUID) -> list[dict[str, Any]]:
    """What the conversation's page is still asked to read, as it was asked.

    What writes is not asked for again: the page before may have done it, and another may be at it.
    """
    waiting = ToolCall.objects.filter(
        conversation_id=conversation_id, state=ToolCall.State.WAITING, risk=Tool.Risk.READ
    )
    return [tool_request_data(call) for call in waiting.order_by("created_at", "id")]


def attachment(session: VisitorSession, attachment_id: object) -> Attachment:
    """A file that the visitor sent or was sent. Raises NotFound for any other."""
    found: Attachment | None = (
        Attachment.objects.select_related("message", "conversation")
        .filter(pk=parse_uuid(attachment_id))
        .first()
    )
    if found is None or not _may_see(session, found):
        raise NotFound("Attachment not found.", code="attachment_not_found")
    return found


def _may_see(session: VisitorSession, file: Attachment) -> bool:
    if file.message is None or file.conversation is None:
        return file.session_id == session.id
    if file.message.private:
        return False
    rows = Conversation.objects.filter(theirs(session), pk=file.conversation_id)
    return file.conversation.session_id == session.id or rows.exists()


def _messages() -> "QuerySet[Message]":
    files = Prefetch("attachments", Attachment.objects.order_by("id"), to_attr="files")
    return Message.objects.filter(private=False, erased_at=None).prefetch_related(files)


def _summary(conversation: Conversation) -> dict[str, Any]:
    return {
        **visitor_conversation_data(conversation),
        "assistantId": text_or_none(conversation.assistant_id),
        "lastMessage": conversation.last_message,
        "readSeq": conversation.visitor_read_seq,
        "hasEmail": conversation.contact.email is not None,
    }


def _read_number(text: str) -> int:
    return max(0, min(int(text), LARGEST_NUMBER))
