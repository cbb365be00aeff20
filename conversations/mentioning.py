"""Members whom notes are for."""

from collections.abc import Sequence
from uuid import UUID

from conversations import queries
from conversations.models import AuthorKind, Conversation, Mention, Message
from tenants.errors import Conflict
from tenants.models import Membership

MENTIONS_PER_NOTE = 20


def noted(message: Message, members: Sequence[Membership]) -> Message:
    """The message, whose conversation its members find among those with notes for them."""
    if members:
        Mention.objects.bulk_create(
            Mention(
                tenant_id=message.tenant_id,
                conversation_id=message.conversation_id,
                message=message,
                member=member,
            )
            for member in members
        )
    return message


def see(conversation: Conversation, member_id: UUID) -> None:
    """The member has read the notes that are for them."""
    mentions = Mention.objects.filter(conversation=conversation, member_id=member_id)
    mentions.filter(is_seen=False).update(is_seen=True)


def require_unanswered(
    conversation: Conversation, member: Membership | None, *, since: int, by_visitor: bool = False
) -> None:
    """Raises Conflict if another member, or the visitor, has replied after message ``since``.

    Nobody in particular, as a program is, has no replies of their own. The conversation must be
    locked.
    """
    if conversation.message_seq <= since:
        return
    kinds = [AuthorKind.AGENT, *([AuthorKind.VISITOR] if by_visitor else [])]
    others = conversation.messages.filter(author_kind__in=kinds, private=False, seq__gt=since)
    if member is not None:
        others = others.exclude(author_kind=AuthorKind.AGENT, author_id=member.id)
    reply = others.order_by("-seq").values("id", "seq", "author_kind").first()
    if reply is not None:
        is_visitor = reply["author_kind"] == AuthorKind.VISITOR
        raise Conflict(
            f"{'The visitor' if is_visitor else 'Another member'} has replied meanwhile.",
            code="answered_meanwhile",
            extra={"seq": reply["seq"], "message": queries.message(reply["id"])},
        )
