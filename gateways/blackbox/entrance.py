"""Who comes in through BlackBox's sockets, and into which conversation.

Everything here is synchronous and opens the tenant's scope itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError

from assistants.models import Assistant
from assistants.queries import default_assistant, with_production
from conversations import engine, visitor_queries
from conversations.engine import Received
from conversations.models import Conversation, ToolCall, VisitorSession
from conversations.opening import reserve_conversation
from conversations.sessions import Visitor, continue_session, known_session, secret_of
from gateways.blackbox import codec
from gateways.doors import count_message, new_label, verify
from gateways.models import WebIntegration
from realtime.log import Channel
from tenants import limits
from tenants.credentials import Grant
from tenants.drf import translate
from tenants.errors import Forbidden, LiveChatError, NotFound, Unauthorized
from tenants.ids import parse_uuid
from tenants.models import Credential
from tenants.network import origin_allowed
from tenants.scope import tenant_scope
from widgets.callers import Caller
from widgets.tool_results import take

CHANNEL = "blackbox"
HISTORY_LENGTH = 200


@dataclass(frozen=True)
class Entrance:
    """What a credential opens. ``tools`` names those that may be asked of the client.

    A server's key opens everything, and its ``tools`` are None.
    """

    grant: Grant
    source_id: UUID
    call_types: frozenset[str]
    tools: frozenset[str] | None = None
    is_servers: bool = False

    def runs(self, tool: str) -> bool:
        return self.tools is None or tool in self.tools


@dataclass(frozen=True)
class Talk:
    """The socket's conversation; ``secret`` is told to clients that have to prove themselves."""

    entrance: Entrance
    visitor: Visitor
    channel: Channel
    owner: str
    secret: str = ""
    is_resumed: bool = False

    @property
    def record_id(self) -> str:
        return str(self.channel.conversation_id)


@dataclass(frozen=True)
class Ending:
    seconds: int
    agent_id: str | None
    summary: str


@dataclass(frozen=True)
class Call:
    """A tool's call on our side, as a server may know it."""

    args: Mapping[str, Any]
    result: str


def enter_by_token(token: str, caller: Caller) -> Entrance:
    """What a web-integration token opens. Raises Unauthorized or Forbidden, in BlackBox's words."""
    grant = _verified(token, Credential.Kind.WEB_INTEGRATION_TOKEN, caller)
    with tenant_scope(grant.tenant_id):
        found = WebIntegration.objects.filter(pk=grant.subject_id).first()
    if found is None:
        raise Unauthorized(codec.INVALID_TOKEN)
    if not origin_allowed(caller.origin, found.origins):
        raise Forbidden(codec.ORIGIN_NOT_ALLOWED, code="origin_not_allowed")
    calls = (codec.WEB_CALL, codec.ON_PHONE) if found.allow_web_call else ()
    chats = (codec.CHAT,) if found.allow_web_chat else ()
    return Entrance(
        grant, found.pk, frozenset((*chats, *calls)), tools=frozenset(found.browser_tools)
    )


def enter_by_key(key: str, caller: Caller) -> Entrance:
    """What an API key with the scope ``chat`` opens; raises as ``enter_by_token``."""
    grant = _verified(key.removeprefix("Bearer "), Credential.Kind.API_KEY, caller)
    return Entrance(grant, grant.tenant_id, frozenset(codec.CALL_TYPES), is_servers=True)


def open_talk(entrance: Entrance, caller: Caller, asked: codec.Initialize) -> Talk:
    """Begin a conversation, or go on with the one that is named.

    Raises NotFound for a record that is not the client's, an unknown agent, or none at all.
    """
    with tenant_scope(entrance.grant.tenant_id):
        if asked.record_id is not None:
            return _resumed(entrance, asked)
        return _begun(entrance, caller, asked)


def history(talk: Talk) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What was said, oldest first and lines left out, and the calls that wait for the client."""
    with tenant_scope(talk.channel.tenant_id):
        session = continue_session(talk.visitor)
        page = visitor_queries.history(session, talk.record_id, size=HISTORY_LENGTH)
        said = [one for one in page.results[::-1] if one["author"]["kind"] != "system"]
        assert talk.channel.conversation_id is not None
        return said, visitor_queries.waiting_tool_calls(talk.channel.conversation_id)


def receive(talk: Talk, caller: Caller, text: str) -> Received:
    """Store what the visitor wrote. Raises BadRequest, TooManyRequests and BudgetSpent."""
    entrance = talk.entrance
    with tenant_scope(talk.channel.tenant_id):
        session = continue_session(talk.visitor)
        ip = None if entrance.is_servers else caller.ip
        return engine.receive_message(
            session,
            text=text,
            conversation_id=talk.record_id,
            hand_over_when_spent=not entrance.is_servers,
            admit=partial(count_message, entrance.grant, session, ip=ip),
        )


def answer_call(talk: Talk, call_id: str, answer: Mapping[str, Any]) -> None:
    """Keep a tool's result or error. Raises NotFound, Conflict, and BadRequest for a large one."""
    with tenant_scope(talk.channel.tenant_id):
        session = continue_session(talk.visitor)
        try:
            take(session, talk.channel.conversation_id, call_id, answer)
        except ValidationError as error:
            raise translate(error) from None


def call_of(talk: Talk, call_id: object) -> Call | None:
    """One of the conversation's calls of tools."""
    with tenant_scope(talk.channel.tenant_id):
        calls = ToolCall.objects.filter(conversation_id=talk.channel.conversation_id)
        found = calls.filter(pk=parse_uuid(call_id)).first()
        return Call(found.args, found.result) if found is not None else None


def end(talk: Talk) -> Ending:
    """Close the conversation on behalf of the visitor, unless nothing was ever said in it."""
    with tenant_scope(talk.channel.tenant_id):
        session = continue_session(talk.visitor)
        conversation = engine.conversation_of(session, talk.record_id)
        if conversation.message_seq:
            engine.close(conversation, by="The visitor")
        return _ending(talk, conversation)


def ending_of(talk: Talk) -> Ending:
    """What is to be told of a conversation that somebody else has closed."""
    with tenant_scope(talk.channel.tenant_id):
        return _ending(talk, Conversation.objects.get(pk=talk.channel.conversation_id))


def _verified(text: str, kind: Credential.Kind, caller: Caller) -> Grant:
    try:
        return verify(text, kinds=[kind], origin=caller.origin)
    except LiveChatError as error:
        if error.code == "origin_not_allowed":
            raise Forbidden(codec.ORIGIN_NOT_ALLOWED, code=error.code) from None
        if isinstance(error, Unauthorized):
            raise Unauthorized(codec.INVALID_TOKEN) from None
        raise


def _begun(entrance: Entrance, caller: Caller, asked: codec.Initialize) -> Talk:
    grant = entrance.grant
    assistant = _assistant(entrance, asked.agent_id)
    said = asked.additional_data.get("userId")
    visitor = Visitor(
        source_id=entrance.source_id,
        label=new_label(),
        origin=caller.origin or "",
        user_agent=caller.user_agent,
        user_id=said if isinstance(said, str) else "",
        is_vouched_for=entrance.is_servers,
    )
    if not entrance.is_servers:
        limits.hit(limits.NEW_SESSIONS, grant.tenant_id, caller.ip, exempt=grant.tenant_is_demo)
    session = continue_session(visitor)
    conversation = reserve_conversation(
        session, assistant=assistant, channel=CHANNEL, is_test=entrance.is_servers
    )
    if asked.additional_data:
        engine.set_variables(conversation, dict(asked.additional_data))
    return _talk(entrance, session, conversation)


def _resumed(entrance: Entrance, asked: codec.Initialize) -> Talk:
    known = _known_session(entrance, asked)
    if known is None:
        raise NotFound("Conversation not found.", code="conversation_not_found")
    session = continue_session(_visitor(entrance, known))
    conversation = engine.conversation_of(session, asked.record_id)
    if asked.additional_data:
        engine.set_variables(conversation, dict(asked.additional_data))
    return _talk(entrance, session, conversation, is_resumed=True)


def _known_session(entrance: Entrance, asked: codec.Initialize) -> VisitorSession | None:
    """The session that a client goes on with: a page shows its secret, a server its key."""
    if not entrance.is_servers:
        visitor = Visitor(source_id=entrance.source_id, label="", secret=asked.session_secret)
        return known_session(visitor)
    conversations = Conversation.objects.filter(
        pk=parse_uuid(asked.record_id), channel=CHANNEL, session__source_id=entrance.source_id
    )
    found = conversations.select_related("session").first()
    return found.session if found is not None else None


def _talk(
    entrance: Entrance,
    session: VisitorSession,
    conversation: Conversation,
    *,
    is_resumed: bool = False,
) -> Talk:
    return Talk(
        entrance,
        _visitor(entrance, session),
        Channel(entrance.grant.tenant_id, conversation.id),
        conversation.owner,
        secret="" if entrance.is_servers else secret_of(session),
        is_resumed=is_resumed,
    )


def _visitor(entrance: Entrance, session: VisitorSession) -> Visitor:
    """Who writes from now on: whom the key vouches for, or whom the secret proves."""
    return Visitor(
        source_id=entrance.source_id,
        label=session.label,
        secret="" if entrance.is_servers else secret_of(session),
        is_vouched_for=entrance.is_servers,
    )


def _assistant(entrance: Entrance, agent_id: str | None) -> Assistant:
    """The integration's, or the tenant's default; a server may name another, and asks staging."""
    found: Assistant | None
    if entrance.is_servers:
        named = Assistant.objects.filter(pk=parse_uuid(agent_id))
        found = default_assistant() if agent_id is None else named.first()
        is_ready = found is not None and found.staging_id is not None
    else:
        rows = with_production(WebIntegration.objects.filter(pk=entrance.source_id), "assistant")
        integration = rows.first()
        found = (integration and integration.assistant) or default_assistant()
        is_ready = found is not None and found.production_id is not None
    if found is None or not is_ready:
        if agent_id is not None and entrance.is_servers:
            raise NotFound("There is no such agent.", code="unknown_agent")
        raise NotFound("No assistant is configured.", code="no_assistant")
    return found


def _ending(talk: Talk, conversation: Conversation) -> Ending:
    lasted = datetime.now(UTC) - conversation.created_at
    assistant_id = conversation.assistant_id
    return Ending(
        seconds=round(lasted.total_seconds()),
        agent_id=str(assistant_id) if assistant_id else None,
        # It was written for the team.
        summary=conversation.handover_summary if talk.entrance.is_servers else "",
    )
