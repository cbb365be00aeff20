"""What each command does: one transaction that begins with the token, in a thread."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core.files import File

from conversations import attachments, engine, visitor_queries
from conversations.announcements import message_data
from conversations.attachments import FILE_LIMIT, StoredFile
from conversations.engine import Received
from conversations.erasing import erase_history
from conversations.message_context import MessageContext
from conversations.models import AuthorKind, Conversation, VisitorSession
from conversations.opening import greet
from gateways.blits import codec
from gateways.blits.codec import Command, Opening, Said
from gateways.blits.door import (
    Client,
    admitted,
    conversations_of,
    enter,
    find_conversation,
    is_active,
    languages,
    user_id_of,
)
from realtime.log import Channel
from tenants import limits
from tenants.credentials import Grant
from tenants.errors import BadRequest, Conflict, TooLarge
from tenants.scope import tenant_scope
from widgets.callers import Caller

HISTORY_MESSAGES = 500
# Its base64, broken into lines by whoever does that.
ENCODED_FILE_LIMIT = FILE_LIMIT * 3 // 2


@dataclass(frozen=True)
class Asker:
    """A command with all that tells who sent it; ``proved`` are sessions that it may go on with."""

    caller: Caller
    command: Command
    proved: Collection[UUID] = ()

    def find(self, client: Client, **options: Any) -> tuple[VisitorSession, Conversation]:
        """The named conversation and its session, locked. Raises NotFound."""
        return find_conversation(
            client,
            self.command.conversation_id,
            user_id=self.command.user_id,
            proved=self.proved,
            **options,
        )


@dataclass(frozen=True)
class Reached:
    """A conversation that a command may be about, and by which permission."""

    grant: Grant
    channel: Channel
    owner: str
    session_id: UUID
    message_seq: int


def initialize(asker: Asker, opening: Opening) -> tuple[Reached, dict[str, Any]]:
    """Begin a conversation or go on with one, and what is told of it beside its history."""
    with admitted(asker.caller) as client:
        opened = enter(client, opening, proved=asker.proved)
        conversation = opened.conversation
        current, available = languages(conversation)
        fields = {
            "conversationId": str(conversation.id),
            "botId": str(conversation.assistant_id),
            "userId": user_id_of(opened.session),
            "channel": "API",
            "currentLanguage": current,
            "availableLanguages": list(available),
            "supportsSttStreaming": False,
        }
        if opened.secret is not None:
            fields["sessionSecret"] = opened.secret
        return _reached(client, conversation), fields


def reach(asker: Asker) -> Reached:
    """Find out whether the sender may speak in the conversation. Raises NotFound."""
    with admitted(asker.caller) as client:
        return _reached(client, asker.find(client)[1])


def transcript(channel: Channel) -> list[dict[str, Any]]:
    """What was said in a conversation that was reached."""
    assert channel.conversation_id is not None
    with tenant_scope(channel.tenant_id):
        return visitor_queries.transcript([channel.conversation_id], size=HISTORY_MESSAGES)


def receive(asker: Asker, said: Said) -> tuple[Received, UUID | None]:
    """Store a message, its file, and before them the opening message if that is asked for.

    The id of the opening message is returned if it was said now.
    """
    if not said.file:
        return _received(asker, said, None)
    stored = _stored(asker, said)
    try:
        return _received(asker, said, stored)
    except Exception:
        attachments.discard(stored)
        raise


def open_up(asker: Asker, said: Said) -> tuple[dict[str, Any], bool]:
    """The opening message, and whether it was said only now.

    Raises NotFound, and Conflict when there is nothing to say.
    """
    with admitted(asker.caller) as client:
        session, conversation = asker.find(client)
        client.count_message(session)
        engine.set_language(conversation, said.language)
        if greeting := greet(conversation):
            return message_data(greeting), True
        first = conversation.messages.filter(seq=1, author_kind=AuthorKind.ASSISTANT).first()
        if first is None:
            raise Conflict("There is no opening message.", code="no_opening_message")
        return message_data(first), False


def language_of(channel: Channel) -> str:
    """What is spoken in a conversation by now."""
    with tenant_scope(channel.tenant_id):
        rows = Conversation.objects.select_related("assistant__production")
        return languages(rows.get(pk=channel.conversation_id))[0]


def check_active(asker: Asker) -> bool:
    with admitted(asker.caller) as client:
        return is_active(asker.find(client)[1])


def load_history(asker: Asker) -> list[dict[str, Any]]:
    """Of the named conversation, or of everything that a server's user has said."""
    with admitted(asker.caller) as client:
        if asker.command.conversation_id:
            ids = [asker.find(client, even_expired=client.is_server)[1].id]
        else:
            ids = list(_ids_of(client, asker.command.user_id))
        return visitor_queries.transcript(ids, size=HISTORY_MESSAGES)


def delete_history(asker: Asker) -> None:
    """As ``load_history``, for servers only, and without a limit; nothing is left of it."""
    with admitted(asker.caller) as client:
        client.require_server()
        if asker.command.conversation_id:
            erase_history(asker.find(client, even_expired=True)[1])
            return
        ids = list(_ids_of(client, asker.command.user_id))
    for conversation_id in ids:
        with admitted(asker.caller) as client:
            erase_history(find_conversation(client, conversation_id, even_expired=True)[1])


def set_variables(asker: Asker, variables: dict[str, Any]) -> None:
    with admitted(asker.caller) as client:
        engine.set_variables(asker.find(client)[1], variables)


def debug(asker: Asker) -> dict[str, Any]:
    """A conversation's state. Raises Forbidden for all but servers."""
    with admitted(asker.caller) as client:
        client.require_server()
        conversation = asker.find(client)[1]
        state = {
            "id": str(conversation.id),
            "botId": str(conversation.assistant_id),
            "currentLanguage": languages(conversation)[0],
            "variables": conversation.variables,
            "_ts": int(conversation.updated_at.timestamp()),
        }
        settings = {"speechToTextStreaming": False, "splitSpeechAndText": False}
        return {"state": state, "botSettings": settings}


def _ids_of(client: Client, user_id: str) -> Any:
    if not user_id:
        raise BadRequest("A conversationId or a userId is required.", code="invalid")
    return conversations_of(client, user_id).order_by("id").values_list("id", flat=True)


def _reached(client: Client, conversation: Conversation) -> Reached:
    assert conversation.session_id is not None
    return Reached(
        grant=client.grant,
        channel=Channel(conversation.tenant_id, conversation.id),
        owner=conversation.owner,
        session_id=conversation.session_id,
        message_seq=conversation.message_seq,
    )


def _received(asker: Asker, said: Said, file: StoredFile | None) -> tuple[Received, UUID | None]:
    with admitted(asker.caller) as client:
        session, conversation = asker.find(client)
        greeting = greet(conversation) if said.is_opening else None
        received = engine.receive_message(
            session,
            text=said.text,
            conversation_id=str(conversation.id),
            files=[attachments.attach_later(file, session=session)] if file else [],
            context=MessageContext(language=said.language, additional_input=said.additional_input),
            admit=partial(client.count_message, session),
        )
        return received, greeting.id if greeting else None


def _stored(asker: Asker, said: Said) -> StoredFile:
    """The message's file in the storage, if it may be sent and is one that we take."""
    if len(said.file) > ENCODED_FILE_LIMIT:
        raise TooLarge("A file has at most 10 MiB.", code="file_too_large")
    content = codec.decoded(said.file)
    with admitted(asker.caller) as client:
        session, _ = asker.find(client)
        if not client.takes_files:
            raise BadRequest("Files are not taken here.", code="files_not_allowed")
        limits.hit(
            limits.UPLOAD_PER_SESSION,
            client.grant.tenant_id,
            session.id,
            exempt=client.grant.tenant_is_demo,
        )
        attachments.require_room(session, size=len(content))
    file = File(BytesIO(content), name=said.file_name)
    file.size = len(content)
    return attachments.store(file, tenant_id=client.grant.tenant_id)
