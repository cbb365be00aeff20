"""How a conversation begins: by its visitor's first message, or before that."""

from datetime import UTC, datetime

from assistants.models import Assistant
from assistants.wording import greeting_of, language_so_far
from conversations import turns
from conversations.models import AuthorKind, Conversation, Message, VisitorSession
from conversations.posting import post
from tenants.scope import current_scope

# What the team tells conversations with a staged version from others by.
TEST_LABEL = "test"


def open_conversation(
    session: VisitorSession,
    *,
    assistant: Assistant | None,
    channel: str = "chat",
    is_test: bool = False,
) -> Conversation:
    """A conversation that is stored with its first message, or by its first caller."""
    now = datetime.now(UTC)
    return Conversation(
        tenant_id=current_scope().tenant_id,
        session=session,
        contact=session.contact,
        assistant=assistant,
        channel=channel,
        is_test=is_test,
        labels=[TEST_LABEL] if is_test else [],
        created_at=now,
        updated_at=now,
    )


def reserve_conversation(
    session: VisitorSession, *, assistant: Assistant, channel: str, is_test: bool = False
) -> Conversation:
    """Store a conversation before anything is said in it, for whoever must name it first.

    Nobody hears of it until its first message, and without one it is forgotten.
    """
    conversation = open_conversation(session, assistant=assistant, channel=channel, is_test=is_test)
    conversation.save(force_insert=True)
    return conversation


def greet(conversation: Conversation) -> Message | None:
    """Say the opening message of the conversation's flow, or of its assistant, as the first thing.

    None when something was said before, or when there is nothing to say. The conversation must be
    locked or new. Raises BadRequest without an assistant.
    """
    version = turns.version_for(conversation)
    openings = {flow["name"]: flow["opening"] for flow in version.flows}
    language = language_so_far(version, conversation.named_language, conversation.language)
    text = openings.get(conversation.flow) or greeting_of(version, language)
    if conversation.message_seq or not text:
        return None
    return post(
        conversation,
        author_kind=AuthorKind.ASSISTANT,
        author_id=conversation.assistant_id,
        author_name=conversation.assistant.name if conversation.assistant else "",
        text=text,
    )
