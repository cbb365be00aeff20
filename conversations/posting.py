"""Adding one message to a conversation: the only place where messages get their number."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from assistants.wording import without_source
from conversations.announcements import (
    announce_message,
    announce_new_conversation,
    timestamp,
)
from conversations.models import Attachment, AuthorKind, Conversation, Message
from conversations.plain_text import plain

PREVIEW_LENGTH = 140
# Enough for a preview, whatever marks are in it.
PLAIN_LENGTH = 1_000
POSTED = ("message_seq", "last_message", "updated_at")


def post(
    conversation: Conversation,
    *,
    files: Sequence[Attachment] = (),
    changed: Sequence[str] | None = None,
    **fields: Any,
) -> Message:
    """Number and store a message, and with it what the caller changed in the conversation.

    That is ``changed``, or whatever it is. The conversation must be locked or new. ``fields`` are
    the message's own.
    """
    conversation.message_seq += 1
    message = Message(
        tenant_id=conversation.tenant_id,
        conversation=conversation,
        seq=conversation.message_seq,
        created_at=datetime.now(UTC),
        **fields,
    )
    if not message.private:
        conversation.last_message = _preview(message)
    conversation.updated_at = message.created_at
    conversation.save(update_fields=None if changed is None else (*POSTED, *changed))
    message.save()
    _attach(message, files)
    if message.seq == 1:
        announce_new_conversation(conversation)
    announce_message(message)
    return message


def post_line(conversation: Conversation, text: str) -> Message:
    """One visible line that says what happened to the conversation."""
    return post(conversation, author_kind=AuthorKind.SYSTEM, text=text)


def _preview(message: Message) -> dict[str, Any]:
    is_member = message.author_kind == AuthorKind.AGENT and message.author_id is not None
    return {
        "seq": message.seq,
        "author": message.author_kind,
        **({"authorId": str(message.author_id)} if is_member else {}),
        "text": _words(message)[:PREVIEW_LENGTH],
        "createdAt": timestamp(message.created_at),
        **({"line": message.line} if message.line else {}),
    }


def _words(message: Message) -> str:
    """What is said, without the marks that a list of conversations cannot draw."""
    if message.author_kind not in (AuthorKind.ASSISTANT, AuthorKind.AGENT):
        return message.text
    said = without_source(message.text, message.sources)
    return plain(said[:PLAIN_LENGTH])


def _attach(message: Message, files: Sequence[Attachment]) -> None:
    for attachment in files:
        attachment.message = message
        attachment.conversation_id = message.conversation_id
        attachment.save(update_fields=["message", "conversation"])
    message.files = list(files)  # type: ignore[attr-defined]
