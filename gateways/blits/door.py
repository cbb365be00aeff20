"""Who comes in with which ``authToken``, and to which conversations: on the socket and over HTTP.

An API token is a server's: it reaches every Blits conversation of its assistant. The token of a
bubble is on a page for all to see: it reaches the conversations of whoever proves the session.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from assistants.language import DEFAULT, languages_of
from assistants.models import Assistant
from assistants.queries import with_production
from conversations import engine, turns
from conversations.errors import conversation_not_found
from conversations.models import Conversation, Owner, VisitorSession
from conversations.opening import reserve_conversation
from conversations.sessions import (
    Visitor,
    continue_session,
    known_session,
    proved_session,
    secret_of,
)
from gateways.blits.codec import Opening
from gateways.doors import count_message, new_label, verify, vouched_visitor
from tenants import limits
from tenants.credentials import Grant
from tenants.errors import Forbidden, Unauthorized
from tenants.ids import parse_uuid
from tenants.models import Credential
from tenants.scope import tenant_scope
from tenants.tokens import invalid_credentials
from widgets.bubbles import chosen_assistant
from widgets.callers import Caller
from widgets.doors import Door, entered

CHANNEL = "blits"


@dataclass(frozen=True)
class Client:
    """Who calls, inside its tenant's scope; ``door`` is the bubble that a page's token opens."""

    caller: Caller
    grant: Grant
    door: Door | None = None

    @property
    def is_server(self) -> bool:
        return self.door is None

    @property
    def assistant_id(self) -> UUID:
        """Of a server: whom its token speaks for."""
        assert self.grant.subject_id is not None
        return self.grant.subject_id

    def may_send_files(self, conversation: Conversation) -> bool:
        """As the bubble says, or the assistant that a server's token speaks for."""
        if self.door is not None:
            return self.door.bubble.file_upload
        return turns.version_for(conversation).file_sharing

    @property
    def may_test(self) -> bool:
        """Whether it may talk with the assistant's staging version."""
        return self.door is None or self.door.bubble.staging_allowed

    def assistant(self) -> Assistant:
        """Who answers. Raises BadRequest for a bubble, Unauthorized for a token, without any."""
        if self.door is not None:
            return chosen_assistant(self.door.bubble, None)
        rows = with_production(Assistant.objects.filter(pk=self.assistant_id))
        assistant: Assistant | None = rows.first()
        if assistant is None:
            raise invalid_credentials()
        return assistant

    def require_server(self) -> None:
        """Raises Forbidden for a token that pages show."""
        if not self.is_server:
            message = "This token may not do this."
            raise Forbidden(message, code="server_token_required")

    def may_read(self, session: VisitorSession, readable: Collection[UUID] = ()) -> bool:
        """Whether what was said before is shown: to servers, and to whoever proved the session.

        Who only comes from the same page and browser may go on, but many do. ``readable`` are
        sessions that this client has proved before.
        """
        return self.is_server or bool(self.caller.secret) or session.id in readable

    def with_secret(self, secret: str) -> "Client":
        """The same client, which shows this session's secret too."""
        caller = replace(self.caller, secret=secret)
        return replace(self, caller=caller, door=self.door and replace(self.door, caller=caller))

    def count_message(self, session: VisitorSession) -> None:
        """Raises TooManyRequests."""
        count_message(self.grant, session, ip=None if self.is_server else self.caller.ip)


@dataclass(frozen=True)
class Opened:
    """A conversation; ``secret`` is the session's, for a page that does not have it yet."""

    session: VisitorSession
    conversation: Conversation
    secret: str | None = None


@contextmanager
def admitted(caller: Caller) -> Iterator[Client]:
    """Open the tenant's scope for whoever the token speaks for.

    Raises Unauthorized, and Forbidden for a suspended tenant or a page that the bubble does not
    list.
    """
    grant = _server(caller)
    if grant is not None:
        with tenant_scope(grant.tenant_id):
            yield Client(caller, grant)
        return
    with entered(caller) as door:
        assert door.grant is not None
        if door.grant.kind != Credential.Kind.BUBBLE_TOKEN:
            raise invalid_credentials()
        yield Client(caller, door.grant, door)


def open_conversation(
    client: Client, *, user_id: str = "", language: str = "", is_test: bool = False
) -> Opened:
    """Begin a conversation in which nothing is said yet.

    A server's ``user_id`` names its visitor; that of a page proves nothing and is only noted.
    Raises BadRequest, TooManyRequests and Unauthorized.
    """
    assistant = client.assistant()
    session, secret = _session(client, user_id)
    conversation = reserve_conversation(
        session, assistant=assistant, channel=CHANNEL, is_test=is_test and client.may_test
    )
    turns.version_for(conversation)
    engine.set_language(conversation, language)
    return Opened(session, conversation, secret)


def enter(client: Client, opening: Opening, *, proved: Collection[UUID] = ()) -> Opened:
    """Go on with the conversation that is named, or begin one. As the two functions beside it."""
    if not opening.conversation_id:
        return open_conversation(
            client,
            user_id=opening.user_id,
            language=opening.language,
            is_test=opening.is_test,
        )
    session, conversation = find_conversation(
        client, opening.conversation_id, user_id=opening.user_id, proved=proved
    )
    engine.set_language(conversation, opening.language)
    return Opened(session, conversation)


def find_conversation(
    client: Client,
    conversation_id: object,
    *,
    user_id: str = "",
    proved: Collection[UUID] = (),
    even_expired: bool = False,
) -> tuple[VisitorSession, Conversation]:
    """The session and its conversation with this id, both locked.

    ``proved`` are sessions of which this client has shown before that they are its own. Raises
    NotFound for a conversation that is not the client's, not of the user that it names, or too old.
    """
    rows = Conversation.objects.filter(pk=parse_uuid(conversation_id), channel=CHANNEL)
    found = _own(client, rows.select_related("session")).first()
    if found is None or found.session is None or not _is_of(found.session, user_id):
        _refuse()
    if is_expired(found) and not even_expired:
        _refuse()
    session = _resumed(client, found.session, proved)
    return session, engine.conversation_of(session, found.id)


def conversations_of(client: Client, user_id: str) -> QuerySet[Conversation]:
    """All conversations that a server has had for its user. Raises Forbidden for a page."""
    client.require_server()
    return Conversation.objects.filter(
        channel=CHANNEL,
        session__source_id=client.assistant_id,
        session__label=user_id,
    )


def is_expired(conversation: Conversation) -> bool:
    """Whether nothing has happened in it for too long."""
    lifetime = timedelta(hours=settings.BLITS_CONVERSATION_HOURS)
    return datetime.now(UTC) - conversation.updated_at > lifetime


def is_active(conversation: Conversation) -> bool:
    """Whether somebody answers in it."""
    return conversation.owner != Owner.CLOSED and not is_expired(conversation)


def expects_response(conversation: Conversation) -> bool:
    """Whether the assistant waits for the visitor: not once a person does, or nobody."""
    return conversation.owner == Owner.BOT


def user_id_of(session: VisitorSession) -> str:
    """How the client calls its user, or how we do if it does not."""
    return session.user_id or session.label


def languages(conversation: Conversation) -> tuple[str, tuple[str, ...]]:
    """The one that is spoken, and all that could be."""
    assistant = conversation.assistant
    version = assistant and (assistant.staging if conversation.is_test else assistant.production)
    available = languages_of(version) if version else (DEFAULT,)
    return conversation.named_language or conversation.language or available[0], available


def _server(caller: Caller) -> Grant | None:
    try:
        return verify(caller.token, kinds=(Credential.Kind.API_TOKEN,), origin=caller.origin)
    except Unauthorized:
        return None


def _session(client: Client, user_id: str) -> tuple[VisitorSession, str | None]:
    """The session of a new conversation, locked, and its secret if it is new and a page's."""
    if client.door is None:
        return continue_session(vouched_visitor(client.assistant_id, user_id)), None
    limits.hit(
        limits.NEW_SESSIONS,
        client.grant.tenant_id,
        client.caller.ip,
        exempt=client.grant.tenant_is_demo,
    )
    if client.caller.secret:
        return continue_session(client.door.visitor(_known_label(client.door))), None
    # Under a label of its own: many visitors of a page may bear the name that it calls one by.
    visitor = replace(client.door.visitor(new_label()), user_id=user_id)
    session = continue_session(visitor)
    return session, secret_of(session)


def _known_label(door: Door) -> str:
    session = known_session(door.visitor(""))
    return session.label if session is not None else ""


def _own(client: Client, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    if client.door is None:
        return rows.filter(assistant_id=client.assistant_id)
    return rows.filter(session__source_id=client.door.bubble.id)


def _is_of(session: VisitorSession, user_id: str) -> bool:
    """Whether the session is the named user's, or nobody in particular's."""
    return not user_id or not session.user_id or user_id in (session.user_id, session.label)


def _resumed(client: Client, session: VisitorSession, proved: Collection[UUID]) -> VisitorSession:
    try:
        if client.door is None or session.id in proved:
            return proved_session(session.id)
        visitor: Visitor = client.door.visitor(session.label)
        return continue_session(visitor, on_new=_refuse)
    except Unauthorized:
        # Not a word of whether the conversation exists.
        _refuse()


def _refuse() -> NoReturn:
    raise conversation_not_found()
