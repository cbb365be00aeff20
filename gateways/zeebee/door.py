"""Who comes in through ZeebeeAI's socket, and to which conversation. All of it runs in a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from assistants.queries import default_assistant
from conversations import engine
from conversations.engine import Received
from conversations.errors import conversation_not_found
from conversations.message_context import MessageContext
from conversations.models import Conversation, Owner, VisitorSession
from conversations.opening import reserve_conversation
from conversations.sessions import Visitor, continue_session, known_session
from conversations.visitor_queries import transcript
from gateways.doors import count_message, new_label, proved_visitor, verify, vouched_visitor
from gateways.zeebee.codec import Init, Message
from realtime.log import Channel, read_head
from tenants import limits
from tenants.credentials import Grant
from tenants.errors import BadRequest, NotFound, Unauthorized
from tenants.guests import GuestGrant, guest_grant
from tenants.models import Credential
from tenants.scope import tenant_scope
from widgets.callers import Caller, caller_on_socket

CHANNEL = "zeebee"
CLIENT_INFO = "client_info"
HISTORY_LENGTH = 50


@dataclass(frozen=True)
class Knock:
    """What a socket says about where it comes from; nothing of this is proved."""

    caller: Caller
    tenant: str
    host: str


@dataclass(frozen=True)
class Joined:
    """A conversation that a client may write to, as it was at one moment or as it begins.

    ``position`` is the number of its latest event then.
    """

    visitor: Visitor
    channel: Channel
    owner: str = Owner.BOT
    position: int = 0

    @property
    def conversation_id(self) -> str:
        return str(self.channel.conversation_id)


@dataclass(frozen=True)
class Guest:
    """Somebody who only says a name. The session's secret is what they come back with."""

    grant: GuestGrant
    visitor: Visitor
    init: Init
    ip: str | None

    def user_id_in(self, joined: Joined | None) -> str:
        return self.visitor.user_id

    @property
    def session_token(self) -> str:
        return self.visitor.secret

    def find(self, conversation_id: str) -> Joined | None:
        """Their conversation. A guest who proved nothing begins anew whatever they name."""
        try:
            return _own(self.visitor, conversation_id)
        except NotFound:
            if self.init.session_token:
                raise
            return None


@dataclass(frozen=True)
class Server:
    """A server with the tenant's key, which speaks for the user it names, or for all."""

    grant: Grant
    visitor: Visitor
    init: Init
    ip: None = None
    session_token: str = ""

    def user_id_in(self, joined: Joined | None) -> str:
        visitor = joined.visitor if joined else self.visitor
        return visitor.user_id or visitor.label

    def find(self, conversation_id: str) -> Joined:
        """The named user's conversation, or whose ever it is."""
        if self.init.user_id:
            return _own(self.visitor, conversation_id)
        return _anybodys(conversation_id)


Client = Guest | Server


def knock_of(scope: Mapping[str, Any]) -> Knock:
    headers = dict(scope["headers"])
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return Knock(
        caller=caller_on_socket(scope, token="", secret=""),
        tenant=query.get("tenant", [""])[-1],
        host=headers.get(b"host", b"").decode("latin-1").lower(),
    )


def enter(init: Init, knock: Knock) -> Client:
    """Let a client in: with a key as a server, else as a guest.

    Raises Unauthorized, Forbidden and TooManyRequests.
    """
    if init.api_key:
        origin = knock.caller.origin
        grant = verify(init.api_key, kinds=[Credential.Kind.API_KEY], origin=origin)
        visitor = vouched_visitor(grant.tenant_id, init.user_id)
        return Server(grant, visitor, init)
    guest = guest_grant(name=knock.tenant, host=knock.host)
    with tenant_scope(guest.tenant_id):
        session = _returning(guest, init) if init.session_token else _begun(guest, init, knock)
        visitor = proved_visitor(session)
    return Guest(guest, visitor, init, knock.caller.ip)


def join(client: Client, conversation_id: str) -> Joined | None:
    """The conversation that a client names. Raises NotFound for one that it may not name."""
    with tenant_scope(client.grant.tenant_id):
        return client.find(conversation_id)


def join_again(
    client: Client, conversation_id: str
) -> tuple[Joined | None, Sequence[dict[str, Any]]]:
    """The same, and what was said in it last, latest first."""
    with tenant_scope(client.grant.tenant_id):
        joined = client.find(conversation_id)
        if joined is None:
            return None, ()
        return joined, transcript([joined.channel.feed], size=HISTORY_LENGTH)[::-1]


def store(client: Client, joined: Joined | None, message: Message) -> Received:
    """Store what the client wrote, in a new conversation if there is none yet.

    Raises NotFound, BadRequest, TooManyRequests and, for a server, BudgetSpent: a guest waits for a
    person instead.
    """
    with tenant_scope(client.grant.tenant_id):
        session = continue_session(joined.visitor if joined else client.visitor)
        info = client.init.client_info
        return engine.receive_message(
            session,
            text=message.text,
            conversation_id=joined.conversation_id if joined else str(_new(session).id),
            context=MessageContext(
                variables={CLIENT_INFO: dict(info)} if info else {},
                model=message.model or client.init.model,
            ),
            hand_over_when_spent=isinstance(client, Guest),
            admit=partial(count_message, client.grant, session, ip=client.ip),
        )


def _own(visitor: Visitor, conversation_id: str) -> Joined:
    """The visitor's own conversation with this id. Raises NotFound for any other."""
    session = continue_session(visitor)
    return _joined(visitor, engine.conversation_of(session, conversation_id))


def _anybodys(conversation_id: str) -> Joined:
    """The tenant's conversation with this id. Raises NotFound for any other."""
    conversation = engine.team_conversation(conversation_id)
    if conversation.session is None:
        raise conversation_not_found()
    return _joined(proved_visitor(conversation.session), conversation)


def _joined(visitor: Visitor, conversation: Conversation) -> Joined:
    """The conversation must be locked, so that nothing is said between what is read of it."""
    if conversation.channel != CHANNEL:
        raise conversation_not_found()
    channel = Channel(conversation.tenant_id, conversation.id)
    return Joined(visitor, channel, conversation.owner, read_head(channel))


def _returning(guest: GuestGrant, init: Init) -> VisitorSession:
    token = Visitor(source_id=guest.tenant_id, label="", secret=init.session_token)
    session = known_session(token)
    if session is None or session.user_id != init.user_id:
        raise Unauthorized("The session token is not valid.", code="invalid_session_secret")
    return session


def _begun(guest: GuestGrant, init: Init, knock: Knock) -> VisitorSession:
    visitor = Visitor(
        source_id=guest.tenant_id,
        label=new_label(),
        user_id=init.user_id,
        origin=knock.caller.origin or "",
        user_agent=knock.caller.user_agent,
    )
    count = partial(
        limits.hit,
        limits.NEW_SESSIONS,
        guest.tenant_id,
        knock.caller.ip,
        exempt=guest.tenant_is_demo,
    )
    return continue_session(visitor, on_new=count)


def _new(session: VisitorSession) -> Conversation:
    assistant = default_assistant()
    if assistant is None:
        raise BadRequest("No assistant is configured.", code="no_assistant")
    return reserve_conversation(session, assistant=assistant, channel=CHANNEL)
