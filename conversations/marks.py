"""What the team marks a conversation with: how urgent it is, its labels, what was read of it."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from conversations.announcements import announce_conversation
from conversations.labels import known_names
from conversations.models import AuthorKind, Conversation, Priority
from tenants.errors import BadRequest
from tenants.tracing import traced

LABELS_LIMIT = 20


@traced
def set_priority(conversation: Conversation, priority: Priority) -> None:
    if conversation.priority != priority:
        conversation.priority = priority
        _save(conversation, "priority")


@traced
def change_labels(
    conversation: Conversation, *, add: Collection[str] = (), remove: Collection[str] = ()
) -> None:
    """Put labels on and take labels off.

    Raises BadRequest for the name of a label that the tenant does not have, and for too many.
    """
    gone = {name.casefold() for name in remove}
    kept = [name for name in conversation.labels if name.casefold() not in gone]
    labels = _once([*kept, *known_names(add)])
    if len(labels) > max(LABELS_LIMIT, len(kept)):
        raise BadRequest(
            f"A conversation has at most {LABELS_LIMIT} labels.", code="too_many_labels"
        )
    if labels != conversation.labels:
        conversation.labels = labels
        _save(conversation, "labels")


@traced
def mark_read(conversation: Conversation) -> None:
    """The team has read everything."""
    if conversation.unread:
        conversation.unread, conversation.team_read_seq = 0, conversation.message_seq
        _save(conversation, "unread", "team_read_seq", to_visitor=True)


@traced
def mark_unread(conversation: Conversation) -> None:
    """Have the visitor's newest message be unread again; the visitor hears nothing of it."""
    if conversation.unread:
        return
    said = conversation.messages.filter(author_kind=AuthorKind.VISITOR).order_by("-seq")
    newest = said.values_list("seq", flat=True).first()
    if newest is not None:
        conversation.unread = 1
        conversation.team_read_seq = min(conversation.team_read_seq, newest - 1)
        _save(conversation, "unread", "team_read_seq")


def _once(names: Iterable[str]) -> list[str]:
    return list({name.casefold(): name for name in names}.values())


def _save(conversation: Conversation, *fields: str, to_visitor: bool = False) -> None:
    conversation.updated_at = datetime.now(UTC)
    conversation.save(update_fields=[*fields, "updated_at"])
    announce_conversation(conversation, "conversation:updated", to_visitor=to_visitor)
