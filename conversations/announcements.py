"""What the team and the visitor are told of: the data of every event, and its audience."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Label,
    Message,
    Owner,
    Priority,
    Status,
    ToolCall,
)
from realtime.ephemeral import whisper
from realtime.events import emit
from realtime.models import Audience


def announce_conversation(
    conversation: Conversation, *types: str, to_visitor: bool = False
) -> None:
    """Tell the team; the special types are followed by the general one, for simple clients.

    The visitor hears of who answers and of the end, and not of what the team arranges.
    """
    data = conversation_data(conversation)
    for type in types:
        emit(Audience.TEAM, type, data, conversation_id=conversation.id)
    if to_visitor:
        shown = visitor_conversation_data(conversation)
        emit(Audience.VISITOR, "conversation:updated", shown, conversation_id=conversation.id)


def announce_new_conversation(conversation: Conversation) -> None:
    data = conversation_data(conversation)
    emit(Audience.TEAM, "conversation:new", data, conversation_id=conversation.id)


def announce_message(message: Message, *, type: str = "message:new") -> None:
    """Tell the team, and the visitor too unless it is a private note.

    The visitor's client learns in which language, which is empty as long as nothing tells it.
    """
    data = message_data(message)
    mentions = {"mentions": mentions_of(message)}
    emit(Audience.TEAM, type, data | mentions, conversation_id=message.conversation_id)
    if not message.private:
        language = message.conversation.named_language or message.conversation.language
        shown = {**data, "language": language}
        emit(Audience.VISITOR, type, shown, conversation_id=message.conversation_id)


def announce_erased(conversation: Conversation, messages: Iterable[Message]) -> None:
    """Tell that all was erased, and of these messages one by one, for clients that show them."""
    for message in messages:
        announce_message(message, type="message:updated")
    shown = visitor_conversation_data(conversation)
    emit(Audience.VISITOR, "conversation:erased", shown, conversation_id=conversation.id)
    announce_conversation(
        conversation, "conversation:erased", "conversation:updated", to_visitor=True
    )


def announce_contact(contact: Contact) -> None:
    emit(Audience.TEAM, "contact:updated", contact_data(contact))


def announce_label(label: Label, *, former: str = "", is_deleted: bool = False) -> None:
    """Have clients rename a label in the conversations that they show, or take it off."""
    data = {**label_data(label), "formerName": former or label.name, "deleted": is_deleted}
    emit(Audience.TEAM, "label:updated", data)


def announce_views() -> None:
    """Have clients read their views again, of which each member has others."""
    emit(Audience.TEAM, "views:updated", {})


def announce_merged(gone: UUID, contact: Contact) -> None:
    """Tell that a contact is another one from now on; before what is told of that one."""
    emit(Audience.TEAM, "contact:merged", {"id": str(gone), "into": str(contact.id)})
    announce_contact(contact)


def tell_seen(conversation: Conversation) -> None:
    """Tell the team how far the visitor has read, if it listens at this moment."""
    data = {"conversationId": str(conversation.id), "seq": conversation.visitor_read_seq}
    whisper(conversation.tenant_id, "read", data, to_team=True)


def announce_tool_request(call: ToolCall) -> None:
    """Have the visitor's page make a call."""
    data = tool_request_data(call)
    emit(Audience.VISITOR, "tool:request", data, conversation_id=call.conversation_id)


def announce_tool_approval(call: ToolCall) -> None:
    """Ask the team for its approval, or tell it that this was decided."""
    data = {**tool_request_data(call), "status": call.state}
    emit(Audience.TEAM, "tool:approval", data, conversation_id=call.conversation_id)


def conversation_data(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": str(conversation.id),
        "channel": conversation.channel,
        "status": conversation.status,
        "owner": conversation.owner,
        "assistantId": text_or_none(conversation.assistant_id),
        "assigneeId": text_or_none(conversation.assignee_id),
        "teamId": text_or_none(conversation.team_id),
        "waitingSince": timestamp_or_none(conversation.waiting_since),
        "snoozedUntil": timestamp_or_none(conversation.snoozed_until),
        "contact_data": contact_data(conversation.contact),
        "subject": conversation.subject,
        "lastMessage": conversation.last_message,
        "seq": conversation.message_seq,
        "unread": conversation.unread,
        "teamReadSeq": conversation.team_read_seq,
        "labels": conversation.labels,
        "priority": Priority(conversation.priority).word,
        "qualified": conversation.qualified_at is not None,
        "handoverReason": conversation.handover_reason or None,
        "handoverSummary": conversation.handover_summary or None,
        "rating": rating_data(conversation),
        "createdAt": timestamp(conversation.created_at),
        "updatedAt": timestamp(conversation.updated_at),
    }


def visitor_conversation_data(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": str(conversation.id),
        # Whether the team parked it is the team's business.
        "status": Status.RESOLVED if conversation.status == Status.RESOLVED else Status.OPEN,
        "owner": conversation.owner,
        "teamReadSeq": conversation.team_read_seq,
        "rating": rating_data(conversation),
        "assignee": _assignee(conversation),
        "queue": _place(conversation),
        "createdAt": timestamp(conversation.created_at),
        "updatedAt": timestamp(conversation.updated_at),
    }


def rating_data(conversation: Conversation) -> dict[str, Any] | None:
    if conversation.rating_score is None:
        return None
    return {"score": conversation.rating_score, "comment": conversation.rating_comment}


def contact_data(contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.id),
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "verified": contact.external_id is not None,
        "attributes": contact.attributes,
    }


def label_data(label: Label) -> dict[str, Any]:
    return {"id": str(label.id), "name": label.name, "color": label.color}


def message_data(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "conversationId": str(message.conversation_id),
        "seq": message.seq,
        "author": author_data(message),
        "text": message.text,
        "attachments": [attachment_data(item) for item in attachments_of(message)],
        "private": message.private,
        "status": message.status,
        "sources": message.sources,
        "choices": message.choices,
        "line": message.line,
        "createdAt": timestamp(message.created_at),
    }


def team_message_data(message: Message) -> dict[str, Any]:
    """What the team reads of a message, and nobody else."""
    return {**message_data(message), "mentions": mentions_of(message)}


def mentions_of(message: Message) -> list[str]:
    return [str(member_id) for member_id in message.mentions]


def author_data(message: Message) -> dict[str, Any]:
    return {
        "kind": message.author_kind,
        "id": text_or_none(message.author_id),
        "name": message.author_name,
    }


def tool_request_data(call: ToolCall) -> dict[str, Any]:
    return {
        "id": str(call.id),
        "conversationId": str(call.conversation_id),
        "name": call.name,
        "args": call.args,
        "deadline": timestamp_or_none(call.deadline),
    }


def tool_call_data(call: ToolCall) -> dict[str, Any]:
    return {
        **tool_request_data(call),
        "place": call.place,
        "risk": call.risk,
        "status": call.state,
        "result": call.result,
        "decidedBy": text_or_none(call.decided_by),
        "createdAt": timestamp(call.created_at),
        "finishedAt": timestamp_or_none(call.finished_at),
    }


def _assignee(conversation: Conversation) -> dict[str, Any] | None:
    """Who answers, or is about to."""
    if conversation.owner not in (Owner.WAITING, Owner.HUMAN) or conversation.assignee is None:
        return None
    return {"name": conversation.assignee.user.name}


def _place(conversation: Conversation) -> dict[str, Any] | None:
    """Where the visitor stands, as long as nobody is about to answer."""
    is_waiting = conversation.owner == Owner.WAITING and conversation.assignee_id is None
    if not is_waiting or conversation.told_position is None:
        return None
    return {"position": conversation.told_position}


def attachments_of(message: Message) -> list[Attachment]:
    """The message's files, without a query for a message that was only just written."""
    return list(getattr(message, "files", ()))


def attachment_data(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": str(attachment.id),
        "name": attachment.name,
        "contentType": attachment.content_type,
        "size": attachment.size,
        "thumbnail": bool(attachment.thumbnail),
    }


def text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def timestamp_or_none(at: datetime | None) -> str | None:
    return timestamp(at) if at is not None else None
