"""Erasing what was said in a conversation; that something was said stays, with numbers and ids."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Cast, Now

from assistants import analyses
from conversations import attachments, turns
from conversations.announcements import announce_erased
from conversations.models import Attachment, Conversation, Draft, Message, ToolCall, Turn
from conversations.pages import PAGE_SIZE
from realtime.events import rewrite

ERASED = "erased"
BLANK_MESSAGE: dict[str, Any] = {"text": "", "sources": [], "choices": [], "line": None}
# By the first part of an event's type: what its data say instead of what somebody wrote.
BLANK_EVENTS: dict[str, dict[str, Any]] = {
    "message": {**BLANK_MESSAGE, "attachments": [], "status": ERASED},
    "conversation": {"subject": "", "lastMessage": None, "handoverSummary": None, "rating": None},
    "tool": {"args": {}},
}


def decide(conversations: QuerySet[Conversation]) -> list[UUID]:
    """Note that these are to be erased, and return their ids; from then on it will be done.

    Whoever decided erases them one by one; what that leaves, housekeeping does.
    """
    locked = conversations.order_by("id").select_for_update(of=("self",), no_key=True)
    ids = list(locked.values_list("id", flat=True))
    Conversation.objects.filter(pk__in=ids).update(erasing_since=Now())
    return ids


def settled(conversation: Conversation) -> Conversation:
    """A locked conversation, with what was to be erased gone: what is said now was not meant."""
    if conversation.erasing_since is not None:
        erase_history(conversation)
    return conversation


def erase_history(conversation: Conversation) -> None:
    """Erase all texts and files of a conversation, which must be locked, wherever they were copied.

    Messages, notes, calls of tools, turns and events stay as tombstones without content, and what
    nobody has sent yet is gone. An answer
    that is being made is given up, and no later one is made from what was erased. A message that is
    sent again with its old key is still a repeat: a hash of it is kept, as are the contact, the
    labels and the codes of reasons.
    """
    _erase_calls(conversation)
    turns.cancel_open(conversation)
    Turn.objects.filter(conversation=conversation).update(additional_input={}, paused=None)
    attachments.let_go(Attachment.objects.filter(conversation=conversation))
    erased = _erase_messages(conversation)
    Draft.objects.filter(conversation=conversation).delete()
    rewrite(conversation.id, BLANK_EVENTS)
    _start_afresh(conversation)
    announce_erased(conversation, erased)


def _erase_calls(conversation: Conversation) -> None:
    """Before anybody is told that they are closed. A call under way is as good as unknown.

    Its fingerprint, by which its result would be kept and found again, gives way to its id.
    """
    calls = ToolCall.objects.filter(conversation=conversation)
    started = calls.filter(state=ToolCall.State.STARTED)
    started.update(state=ToolCall.State.UNKNOWN, finished_at=Now())
    calls.update(args={}, result="", fingerprint=Cast(F("id"), ToolCall.fingerprint.field))


def _erase_messages(conversation: Conversation) -> list[Message]:
    """The messages that a client shows first, as they are now, oldest first."""
    standing = conversation.messages.filter(erased_at=None)
    analyses.forget(standing.exclude(text="").values("text"))
    now = datetime.now(UTC)
    standing.update(**BLANK_MESSAGE, status=ERASED, erased_at=now)
    latest = conversation.messages.filter(erased_at=now).order_by("-seq")[:PAGE_SIZE]
    return list(latest)[::-1]


def _start_afresh(conversation: Conversation) -> None:
    conversation.segment += 1
    conversation.segment_start = conversation.message_seq
    conversation.unread = conversation.unanswered = 0
    conversation.subject = conversation.handover_summary = ""
    conversation.last_message, conversation.rating_comment = None, ""
    conversation.qualification, conversation.variables = {}, {}
    conversation.erasing_since = None
    conversation.updated_at = datetime.now(UTC)
    conversation.save()
