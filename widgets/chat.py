"""A visitor's message on its way into the engine, and the answer on its way back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from conversations import attachments, engine
from conversations.engine import Received
from conversations.message_context import MessageContext
from conversations.models import Conversation, VisitorSession
from conversations.replies import Outcome
from conversations.sessions import Visitor, continue_session, secret_of
from conversations.visitor_queries import is_first
from realtime.feeds import hub
from tenants import limits
from tenants.errors import BadRequest
from tenants.ids import parse_uuid
from widgets import refusals
from widgets.bubbles import chosen_assistant
from widgets.callers import Caller
from widgets.doors import Door, entered
from widgets.inputs import KEY_LENGTH, ChatInput, checked


@dataclass(frozen=True)
class Asked:
    """A stored message, and whether its client waits for the answer.

    ``secret`` is the session's, for a client that does not have it yet.
    """

    tenant_id: UUID
    received: Received
    secret: str | None
    waits: bool


def ask(
    caller: Caller,
    read: Callable[[], dict[str, Any]],
    *,
    key: str | None = None,
    attend: Callable[[UUID], object],
) -> Asked:
    """Store what the caller wrote, in one transaction.

    ``read`` gives the body, and is called when the caller proved to be let in. ``attend`` hears the
    tenant before anything is stored, so that the answer is not missed.
    """
    if not key:
        refusals.require_none(caller, read)
    with entered(caller) as door:
        attend(door.tenant_id)
        body = read()
        given = checked(ChatInput, body)
        visitor = door.visitor(given["sessionId"], user_id=given["userId"] or "")
        assistant = chosen_assistant(door.bubble, given["assistantId"] or None)
        session = session_of(door, visitor)
        files = attachments.files_of(session, given["attachments"])

        def admit() -> None:
            attachments.require_unsent(files)
            with refusals.remembered(caller, body):
                limits.hit_message(door.tenant_id, session.id, caller.ip, exempt=door.is_demo)

        received = engine.receive_message(
            session,
            text=given["message"],
            assistant=assistant,
            conversation_id=_continued(visitor, session, given),
            begins_another=given["newConversation"],
            client_id=message_key(key) or given["messageId"],
            files=files,
            is_test=door.bubble.staging_allowed and _asks_for_staging(given),
            context=_context(door, given),
            hand_over_when_spent=given["handOverWhenSpent"],
            admit=admit,
        )
        secret = None
        if received.opens_conversation:
            secret = first_secret(visitor, session, received.conversation_id)
        return Asked(door.tenant_id, received, secret, given["wait"])


def attending() -> Callable[[UUID], None]:
    """What a thread calls to have this process hear of a tenant's answers."""
    loop, here = asyncio.get_running_loop(), hub()

    def attend(tenant_id: UUID) -> None:
        loop.call_soon_threadsafe(here.attend, tenant_id)

    return attend


def session_of(door: Door, visitor: Visitor) -> VisitorSession:
    """The visitor's session, locked; how many an address may begin is limited."""
    count = partial(
        limits.hit, limits.NEW_SESSIONS, door.tenant_id, door.caller.ip, exempt=door.is_demo
    )
    return continue_session(visitor, on_new=count)


def first_secret(visitor: Visitor, session: VisitorSession, conversation_id: UUID) -> str | None:
    """The session's secret, with its very first answer and the repeats of that.

    Later it would be a gift to whoever has guessed the session's label.
    """
    if visitor.secret or not is_first(conversation_id):
        return None
    return secret_of(session)


def chat_body(asked: Asked, outcome: Outcome) -> dict[str, Any]:
    """The answer to a message; the same for each of its repeats."""
    body: dict[str, Any] = {
        "success": True,
        "conversationId": str(asked.received.conversation_id),
        "message": None,
        "metadata": {"model": outcome.model, "tokens": outcome.tokens},
    }
    metadata = body["metadata"]
    if outcome.is_pending:
        metadata["pending"] = True
    elif outcome.message is not None:
        body["message"] = outcome.message["text"]
        body["messageId"] = outcome.message["id"]
        metadata["sources"] = outcome.message["sources"]
        if outcome.message["choices"]:
            metadata["choices"] = outcome.message["choices"]
    elif outcome.handled_by_human:
        metadata["handledBy"] = "human"
    if outcome.handover:
        metadata["handover"] = outcome.handover
    if asked.secret:
        body["sessionSecret"] = asked.secret
    return body


def _context(door: Door, given: dict[str, Any]) -> MessageContext:
    return MessageContext(
        flow=given["flowName"],
        language=given["language"] or "",
        variables=given["variables"],
        additional_input=given["additionalInput"],
        team_id=door.bubble.team_id,
    )


def _continued(visitor: Visitor, session: VisitorSession, given: dict[str, Any]) -> str | None:
    """The conversation that the message belongs to, if the client names one and begins no other.

    The one of an earlier session that had the same label is forgotten. A client that shows no
    secret keeps naming it after its session has lapsed, and shall get a new conversation rather
    than an error for ever. Anybody else's stays: the engine refuses it.
    """
    conversation_id: str | None = None if given["newConversation"] else given["conversationId"]
    if visitor.secret or not conversation_id:
        return conversation_id
    lapsed = Conversation.objects.filter(
        pk=parse_uuid(conversation_id),
        session__source_id=visitor.source_id,
        session__label=visitor.label,
    ).exclude(session=session)
    return None if lapsed.exists() else conversation_id


def message_key(text: str | None) -> str | None:
    if text and len(text) > KEY_LENGTH:
        raise BadRequest(f"The key has at most {KEY_LENGTH} characters.", code="invalid_key")
    return text


def _asks_for_staging(given: dict[str, Any]) -> bool:
    return bool(given["useStagingVersion"] or given["environment"] == "test")
