"""The conversation that is asked about, on the socket and over HTTP alike."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from conversations import engine, visitor_queries
from conversations.models import Conversation, VisitorSession
from conversations.visits import SessionGrant, grant_of
from gateways.blits import codec
from gateways.blits.codec import Opening
from gateways.blits.door import (
    Client,
    enter,
    find_conversation,
    is_active,
    languages,
    user_id_of,
)
from realtime.log import Channel, read_head
from tenants.credentials import Grant
from widgets.callers import Caller

HISTORY_MESSAGES = 500


@dataclass
class Asker:
    """Who asks, and about which conversation; errors tell whether that is known to be active.

    ``proved`` are sessions with which this client went on before, and ``readable`` those of them
    that it has proved to be its own.
    """

    caller: Caller = field(default_factory=Caller)
    conversation_id: str = ""
    user_id: str = ""
    proved: Collection[UUID] = ()
    readable: Collection[UUID] = ()
    is_active: bool = False

    def find(
        self, client: Client, *, even_expired: bool = False
    ) -> tuple[VisitorSession, Conversation]:
        """The conversation and its session, both locked. Raises NotFound."""
        self.is_active = False
        session, conversation = find_conversation(
            client,
            self.conversation_id,
            user_id=self.user_id,
            proved=self.proved,
            even_expired=even_expired,
        )
        self.is_active = is_active(conversation)
        return session, conversation


@dataclass(frozen=True)
class Reached:
    """A conversation as it was at one moment, and by which permission it may be heard.

    ``position`` is the number of its latest event then; ``may_read`` says whether the client has
    proved that it may know what was said before.
    """

    grant: Grant
    channel: Channel
    session: SessionGrant
    owner: str
    language: str
    message_seq: int
    position: int
    may_read: bool


def begin(
    client: Client, opening: Opening, asker: Asker, *, channel: str
) -> tuple[Reached, dict[str, Any]]:
    """Begin a conversation or go on with one, and what the client is told of it."""
    opened = enter(client, opening, proved=asker.proved)
    conversation = opened.conversation
    may_read = not opening.conversation_id or client.may_read(opened.session, asker.readable)
    said: list[dict[str, Any]] = []
    if may_read:
        said = visitor_queries.transcript([conversation.id], size=HISTORY_MESSAGES)
        engine.mark_seen(conversation, seq=conversation.message_seq)
    found = reached(client, opened.session, conversation, may_read=may_read)
    return found, codec.initialized(
        str(conversation.id),
        bot_id=str(conversation.assistant_id),
        user_id=user_id_of(opened.session),
        language=found.language,
        languages=languages(conversation)[1],
        channel=channel,
        said=said,
        secret=opened.secret,
    )


def reached(
    client: Client, session: VisitorSession, conversation: Conversation, *, may_read: bool = False
) -> Reached:
    """The conversation must be locked, so that nothing happens between what is read here."""
    channel = Channel(conversation.tenant_id, conversation.id)
    return Reached(
        grant=client.grant,
        channel=channel,
        session=grant_of(session),
        owner=conversation.owner,
        language=languages(conversation)[0],
        message_seq=conversation.message_seq,
        position=read_head(channel),
        may_read=may_read,
    )
