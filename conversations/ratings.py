"""What visitors think of their conversations."""

from datetime import UTC, datetime

from conversations.announcements import announce_conversation
from conversations.models import Conversation
from tenants.tracing import traced

SCORES = (1, 5)
COMMENT_LIMIT = 1_000


@traced
def rate(conversation: Conversation, *, score: int, comment: str = "") -> None:
    """Keep the visitor's rating of a locked conversation; the last one counts."""
    if (conversation.rating_score, conversation.rating_comment) == (score, comment):
        return
    conversation.rating_score, conversation.rating_comment = score, comment
    conversation.rated_at = conversation.updated_at = datetime.now(UTC)
    conversation.save(update_fields=["rating_score", "rating_comment", "rated_at", "updated_at"])
    announce_conversation(conversation, "conversation:updated", to_visitor=True)
