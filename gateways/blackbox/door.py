"""Who comes in through BlackBox's sockets, and into which conversation.

Everything here is synchronous and opens the tenant's scope itself.
"""

from collections.abc import Mapping, Sequence
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
from conversations.errors import conversation_not_found
from conversations.lines import VISITOR
from conversations.models import AuthorKind, Conversation, Owner, ToolCall, VisitorSession
from conversations.opening import reserve_conversation
from conversations.sessions import Visitor, continue_session, known_session
from gateways.blackbox import codec
from gateways.doors import count_message, new_label, proved_visitor, verify
from gateways.models import WebIntegration
from realtime.log import Channel, read_head
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
class Joined:
    """The socket's conversation as it was at one moment, when its latest event was ``position``."""

    entrance: Entrance
    visitor: Visitor
    channel: Channel
    owner: str
    position: int

    @property
    def record_id(self) -> str:
        return str(self.channel.conversation_id)

    @property
    def secret(self) -> str:
        """What a client comes back with that has to prove itself."""
        return "" if self.entrance.is_servers else self.visitor.secret


@dataclass(frozen=True)
class Past:
    """What was said until then, oldest first and lines left out, and calls that wait for a page."""

    said: Sequence[dict[str, Any]] = ()
    waiting: Sequence[dict[str, Any]] = ()


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


def join(entrance: Entrance, caller: Caller, asked: codec.Initialize) -> tuple[Joined, Past]:
    """Begin a conversation, or go on with the one that is named.

    Raises NotFound for a record that is not the client's, an unknown agent, or none at all.
    """
    with tenant_scope(entrance.grant.tenant_id):
        if asked.record_id is None:
            conversation, past = _begun(entrance, caller, asked), Past()
        else:
            conversation = _resumed(entrance, asked)
            past = _past(conversation)
        if asked.additional_data:
            engine.set_variables(conversation, dict(asked.additional_data))
        channel = Channel(conversation.tenant_id, conversation.id)
        assert conversation.session is not None
        visitor = proved_visitor(conversation.session)
        # It is new or locked: nothing is said between what is read of it here.
        joined = Joined(entrance, visitor, channel, conversation.owner, read_head(channel))
        return joined, past


def receive(joined: Joined, caller: Caller, text: str) -> Received:
    """Store what the visitor wrote. Raises BadRequest, TooManyRequests and BudgetSpent."""
    entrance = joined.entrance
    with tenant_scope(joined.channel.tenant_id):
        session = continue_session(joined.visitor)
        ip = None if entrance.is_servers else caller.ip
        return engine.receive_message(
            session,
            text=text,
            conversation_id=joined.record_id,
            hand_over_when_spent=not entrance.is_servers,
            admit=partial(count_message, entrance.grant, session, ip=ip),
        )


def answer_call(joined: Joined, call_id: str, answer: Mapping[str, Any]) -> None:
    """Keep a tool's result or error. Raises NotFound, Conflict, and BadRequest for a large one."""
    with tenant_scope(joined.channel.tenant_id):
        session = continue_session(joined.visitor)
        try:
            take(session, joined.channel.conversation_id, call_id, answer)
        except ValidationError as error:
            raise translate(error) from None


def call_of(joined: Joined, call_id: object) -> Call | None:
    """One of the conversation's calls of tools."""
    with tenant_scope(joined.channel.tenant_id):
        calls = ToolCall.objects.filter(conversation_id=joined.channel.conversation_id)
        found = calls.filter(pk=parse_uuid(call_id)).first()
        return Call(found.args, found.result) if found is not None else None


def end(joined: Joined) -> Ending:
    """Close the conversation on behalf of the visitor, unless nothing was ever said in it."""
    with tenant_scope(joined.channel.tenant_id):
        session = continue_session(joined.visitor)
        conversation = engine.conversation_of(session, joined.record_id)
        if conversation.message_seq:
            engine.close(conversation, by=VISITOR)
        return _ending(joined, conversation)


def ending_of(joined: Joined) -> Ending | None:
    """What is to be told of a conversation that somebody else has closed, if it still is."""
    with tenant_scope(joined.channel.tenant_id):
        closed = Conversation.objects.filter(owner=Owner.CLOSED)
        found = closed.filter(pk=joined.channel.conversation_id).first()
        return _ending(joined, found) if found is not None else None


def _verified(text: str, kind: Credential.Kind, caller: Caller) -> Grant:
    try:
        return verify(text, kinds=[kind], origin=caller.origin)
    except LiveChatError as error:
        if error.code == "origin_not_allowed":
            raise Forbidden(codec.ORIGIN_NOT_ALLOWED, code=error.code) from None
        if isinstance(error, Unauthorized):
            raise Unauthorized(codec.INVALID_TOKEN) from None
        raise


def _begun(entrance: Entrance, caller: Caller, asked: codec.Initialize) -> Conversation:
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
    return reserve_conversation(
        continue_session(visitor),
        assistant=assistant,
        channel=CHANNEL,
        is_test=entrance.is_servers,
    )


def _resumed(entrance: Entrance, asked: codec.Initialize) -> Conversation:
    known = _known_session(entrance, asked)
    if known is None:
        raise conversation_not_found()
    session = continue_session(proved_visitor(known))
    return engine.conversation_of(session, asked.record_id)


def _past(conversation: Conversation) -> Past:
    said = visitor_queries.transcript([conversation.id], size=HISTORY_LENGTH)
    return Past(
        [message for message in said if message["author"]["kind"] != AuthorKind.SYSTEM],
        visitor_queries.waiting_tool_calls(conversation.id),
    )


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


def _ending(joined: Joined, conversation: Conversation) -> Ending:
    lasted = datetime.now(UTC) - conversation.created_at
    assistant_id = conversation.assistant_id
    return Ending(
        seconds=round(lasted.total_seconds()),
        agent_id=str(assistant_id) if assistant_id else None,
        # It was written for the team.
        summary=conversation.handover_summary if joined.entrance.is_servers else "",
    )
