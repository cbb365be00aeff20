"""The way back to the assistant for a visitor who waits for a person."""

from conversations import engine
from conversations.models import AuthorKind, Conversation, Owner
from tenants.errors import Conflict


def ask_assistant(conversation: Conversation, *, line: str) -> None:
    """Let the assistant answer again, as ``line`` says; it does so already if it never stopped.

    Raises Conflict once a person has answered, or where no assistant would.
    """
    if conversation.owner == Owner.BOT:
        return
    if conversation.owner != Owner.WAITING or _is_answered(conversation):
        raise Conflict("Nobody is waited for here.", code="not_waiting")
    if conversation.assistant is None or conversation.assistant.production_id is None:
        raise Conflict("No assistant is configured.", code="no_assistant")
    engine.give_back(conversation, line=line)


def _is_answered(conversation: Conversation) -> bool:
    said = conversation.messages.filter(author_kind=AuthorKind.AGENT, private=False)
    return bool(said.filter(seq__gt=conversation.segment_start).exists())
