"""What each command of the socket does: one transaction that begins with the token, in a thread."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core.files import File

from conversations import engine, visitor_queries
from conversations.announcements import message_data
from conversations.attachments import FILE_LIMIT, StoredFile
from conversations.engine import Received
from conversations.erasing import decide
from conversations.models import AuthorKind, Conversation, Message
from conversations.opening import greet
from gateways.blits import codec, messages
from gateways.blits.codec import Opening, Said
from gateways.blits.conversation import HISTORY_MESSAGES, Asker, Reached, begin, reached
from gateways.blits.door import Client, admitted, conversations_of, is_active, languages
from tenants.errors import BadRequest, Conflict, NotFound, TooLarge, Unauthorized
from tenants.scope import tenant_scope

# Its base64, broken into lines by whoever does that.
ENCODED_FILE_LIMIT = FILE_LIMIT * 3 // 2


def initialize(asker: Asker, opening: Opening) -> tuple[Reached, dict[str, Any]]:
    """Begin a conversation or go on with one, and what is told of it."""
    with admitted(asker.caller) as client:
        return begin(client, opening, asker, channel=codec.SOCKET_CHANNEL)


def reach(asker: Asker) -> Reached:
    """Find out whether the sender may speak in the conversation. Raises NotFound."""
    with admitted(asker.caller) as client:
        return reached(client, *asker.find(client))


def join(asker: Asker) -> tuple[Reached, list[dict[str, Any]]]:
    """As ``reach``, with what its visitor has not seen, for those who may know what was said."""
    with admitted(asker.caller) as client:
        session, conversation = asker.find(client)
        may_read = client.may_read(session, asker.readable)
        unseen = visitor_queries.unseen(conversation) if may_read else []
        return reached(client, session, conversation, may_read=may_read), unseen


def note_seen(tenant_id: UUID, told: Mapping[str, int]) -> None:
    """The client was told of these conversations up to these messages."""
    for conversation_id, seq in told.items():
        with tenant_scope(tenant_id), suppress(NotFound):
            engine.mark_seen(engine.team_conversation(conversation_id), seq=seq)


def receive(asker: Asker, said: Said, *, seen_seq: int) -> tuple[Received, dict[str, Any] | None]:
    """Store a message, its file, and before them the opening message if that is asked for.

    The opening message is returned if it was said now.
    """
    if not said.file:
        return _receive(asker, said, (), seen_seq)
    file = _file_of(said)
    with admitted(asker.caller) as client:
        messages.require_room(client, *asker.find(client), [file])
        tenant_id = client.grant.tenant_id
    with messages.storing([file], tenant_id=tenant_id) as stored:
        return _receive(asker, said, stored, seen_seq)


def open_up(asker: Asker, said: Said) -> dict[str, Any]:
    """The opening message, said now if it was not before.

    Raises NotFound, and Conflict when there is nothing to say.
    """
    with admitted(asker.caller) as client:
        session, conversation = asker.find(client)
        client.count_message(session)
        engine.set_language(conversation, said.language)
        rows: Any = conversation.messages.filter(seq=1, author_kind=AuthorKind.ASSISTANT)
        first: Message | None = greet(conversation) or rows.first()
        if first is None:
            raise Conflict("There is no opening message.", code="no_opening_message")
        return _spoken(first, conversation)


def check_active(asker: Asker) -> bool:
    with admitted(asker.caller) as client:
        return is_active(asker.find(client)[1])


def load_history(asker: Asker) -> list[dict[str, Any]]:
    """Of the named conversation, or of everything that a server's user has said."""
    with admitted(asker.caller) as client:
        ids = _ids(client, asker, even_expired=client.is_server)
        return visitor_queries.transcript(ids, size=HISTORY_MESSAGES)


def erasable(asker: Asker) -> tuple[UUID, list[UUID]]:
    """The tenant, and the conversations that a server may have erased: one, or all of a user's.

    That they will be is decided with that.
    """
    with admitted(asker.caller) as client:
        client.require_server()
        ids = list(_ids(client, asker, even_expired=True))
        return client.grant.tenant_id, decide(Conversation.objects.filter(pk__in=ids))


def erase(tenant_id: UUID, conversation_id: UUID) -> None:
    """Erase what was said in a conversation, unless that is done, or it is gone, by now."""
    with tenant_scope(tenant_id), suppress(NotFound):
        # Whoever locks it erases what is left to be.
        engine.team_conversation(conversation_id)


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


def _receive(
    asker: Asker, said: Said, files: Iterable[StoredFile], seen_seq: int
) -> tuple[Received, dict[str, Any] | None]:
    with admitted(asker.caller) as client:
        session, conversation = asker.find(client)
        greeting = greet(conversation) if said.is_opening else None
        received = messages.receive(client, session, conversation, said, files, seen_seq=seen_seq)
        return received, _spoken(greeting, conversation) if greeting else None


def _file_of(said: Said) -> File:
    """Raises TooLarge, and Invalid for what is not base64."""
    if len(said.file) > ENCODED_FILE_LIMIT:
        raise TooLarge("A file has at most 10 MiB.", code="file_too_large")
    content = codec.decoded(said.file)
    file = File(BytesIO(content), name=said.file_name)
    file.size = len(content)
    return file


def _spoken(message: Message, conversation: Conversation) -> dict[str, Any]:
    """A message as its event tells it."""
    return {**message_data(message), "language": languages(conversation)[0]}


def _ids(client: Client, asker: Asker, *, even_expired: bool) -> Any:
    """Of the named conversation, or a query for those of the named user."""
    if asker.conversation_id:
        session, conversation = asker.find(client, even_expired=even_expired)
        if not client.may_read(session, asker.readable):
            raise Unauthorized("The session secret is required.", code="session_secret_required")
        return [conversation.id]
    if not asker.user_id:
        raise BadRequest("A conversationId or a userId is required.", code="invalid")
    return conversations_of(client, asker.user_id).order_by("id").values_list("id", flat=True)
