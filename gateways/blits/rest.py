"""What each request over HTTP does: one transaction that begins with the token, in a thread."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files import File

from assistants import analyses
from conversations import attachments, engine, visitor_queries
from conversations.attachments import FILES_PER_MESSAGE, StoredFile
from conversations.engine import Received
from conversations.message_context import MessageContext
from conversations.models import AuthorKind, Conversation, VisitorSession
from conversations.opening import greet
from gateways.blits import codec
from gateways.blits.codec import Invalid, Said
from gateways.blits.commands import HISTORY_MESSAGES
from gateways.blits.door import (
    Client,
    admitted,
    enter,
    expects_response,
    find_conversation,
    is_active,
    languages,
    user_id_of,
)
from tenants import limits
from tenants.errors import BadRequest, NotFound
from tenants.scope import tenant_scope
from widgets.bubbles import config_of
from widgets.callers import Caller
from widgets.chat import message_key
from widgets.doors import place
from widgets.models import Bubble


@dataclass
class Talk:
    """Who asks, and about which conversation; errors tell whether that is known to be active."""

    caller: Caller = field(default_factory=Caller)
    conversation_id: str = ""
    is_active: bool = False

    def find(self, client: Client, *, user_id: str = "") -> tuple[VisitorSession, Conversation]:
        """The conversation and its session, locked. Raises NotFound."""
        self.is_active = False
        session, conversation = find_conversation(client, self.conversation_id, user_id=user_id)
        self.is_active = is_active(conversation)
        return session, conversation


@dataclass(frozen=True)
class Written:
    """The body of a request with a message: its fields, and the files beside them."""

    fields: dict[str, Any]
    files: Sequence[File]


@dataclass(frozen=True)
class Asked:
    """A stored message, or none if only the opening message was wanted."""

    tenant_id: UUID
    conversation_id: UUID
    received: Received | None
    opening_id: str | None


@dataclass(frozen=True)
class Found:
    """A message, and the analysis to wait for if it is a visitor's."""

    tenant_id: UUID
    message: dict[str, Any]
    language: str
    analysis_id: UUID | None


def initialize(talk: Talk, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Begin a conversation, or go on with the one that is named, whose history is told."""
    with admitted(talk.caller) as client:
        opening = _understood(codec.read_opening, read())
        talk.conversation_id = opening.conversation_id
        opened = enter(client, opening)
        conversation = opened.conversation
        said = visitor_queries.transcript([conversation.id], size=HISTORY_MESSAGES)
        engine.mark_seen(conversation, seq=conversation.message_seq)
        language, available = languages(conversation)
        return codec.initialized(
            str(conversation.id),
            bot_id=str(conversation.assistant_id),
            user_id=user_id_of(opened.session),
            language=language,
            languages=available,
            said=said,
            secret=opened.secret,
        )


def reach(talk: Talk) -> None:
    """Find out whether the conversation is the caller's, and active. Raises NotFound."""
    with admitted(talk.caller) as client:
        talk.find(client)


def ask(
    talk: Talk,
    read: Callable[[], Written],
    *,
    key: str | None,
    attend: Callable[[UUID], object],
) -> Asked:
    """Store what the caller wrote and sent, and before it the opening message if it is wanted.

    ``read`` gives the body, and is called when the caller proved to be let in. ``attend`` hears the
    tenant before anything is stored, so that the answer is not missed.
    """
    with admitted(talk.caller) as client:
        attend(client.grant.tenant_id)
        session, conversation = talk.find(client)
        written = read()
        said = _understood(codec.read_message, written.fields)
        if said.speech:
            raise no_speech()
        if said.user_id:
            session, conversation = talk.find(client, user_id=said.user_id)
        if not written.files:
            return _store(client, session, conversation, said, key=message_key(key))
        _require_room(client, session, written.files)
        tenant_id = client.grant.tenant_id
    stored: list[StoredFile] = []
    try:
        stored += (attachments.store(file, tenant_id=tenant_id) for file in written.files)
        with admitted(talk.caller) as client:
            session, conversation = talk.find(client, user_id=said.user_id)
            return _store(client, session, conversation, said, stored, key=message_key(key))
    except Exception:
        for one in stored:
            attachments.discard(one)
        raise


def take_unseen(asked: Asked, *, also: str | None) -> dict[str, Any]:
    """What was said since the last answer, with the message ``also``: from now on it was given."""
    with tenant_scope(asked.tenant_id):
        conversation = engine.team_conversation(asked.conversation_id)
        said = visitor_queries.unseen(conversation, also=also)
        if said:
            engine.mark_seen(conversation, seq=said[-1]["seq"])
        return codec.response(
            str(conversation.id),
            said,
            language=languages(conversation)[0],
            expects_response=expects_response(conversation),
        )


def look_up(talk: Talk, message_id: str) -> Found:
    """Raises Forbidden for pages, and NotFound."""
    with admitted(talk.caller) as client:
        client.require_server()
        _, conversation = talk.find(client)
        message = visitor_queries.message(conversation, message_id)
        analysis_id = None
        if message["author"]["kind"] == AuthorKind.VISITOR and message["text"].strip():
            assert conversation.assistant is not None
            is_test = conversation.is_test
            _count_analysis(client)
            analysis_id = analyses.want(conversation.assistant, message["text"], staging=is_test)
        return Found(client.grant.tenant_id, message, languages(conversation)[0], analysis_id)


def want_analysis(talk: Talk, text: str) -> tuple[UUID, UUID]:
    """The tenant and the analysis to wait for. Raises Forbidden for pages, and BadRequest."""
    with admitted(talk.caller) as client:
        client.require_server()
        if not text.strip():
            raise BadRequest("message: Must not be empty.", code="message_required")
        if len(text) > analyses.TEXT_LIMIT or "\0" in text:
            message = f"message: At most {analyses.TEXT_LIMIT} characters, and none of them NUL."
            raise BadRequest(message, code="invalid")
        _count_analysis(client)
        return client.grant.tenant_id, analyses.want(client.assistant(), text)


def settings_of(talk: Talk, code: str) -> dict[str, Any]:
    """The public config of a bubble of the server's, or of the page's own. Raises NotFound."""
    with admitted(talk.caller) as client:
        tenant, bubble_id = place(code)
        rows = Bubble.objects.select_related("public_code").filter(pk=bubble_id)
        if client.door is not None:
            rows = rows.filter(pk=client.door.bubble.id)
        bubble = rows.first() if tenant.id == client.grant.tenant_id else None
        if bubble is None:
            raise NotFound("Widget not found.", code="widget_not_found")
        return config_of(bubble)


def no_speech() -> BadRequest:
    return BadRequest("Speech is not supported.", code="speech_not_supported")


def _understood(read: Callable[[dict[str, Any]], Any], fields: dict[str, Any]) -> Any:
    try:
        return read(fields)
    except Invalid as error:
        raise BadRequest(str(error), code="invalid") from None


def _store(
    client: Client,
    session: VisitorSession,
    conversation: Conversation,
    said: Said,
    stored: Iterable[StoredFile] = (),
    *,
    key: str | None,
) -> Asked:
    opening_id = _open(conversation) if said.is_opening else None
    place_of = partial(Asked, client.grant.tenant_id, conversation.id)
    files = [attachments.attach_later(file, session=session) for file in stored]
    if said.is_opening and not said.text and not files:
        client.count_message(session)
        engine.set_language(conversation, said.language)
        return place_of(None, opening_id)
    received = engine.receive_message(
        session,
        text=said.text,
        conversation_id=str(conversation.id),
        client_id=key,
        files=files,
        context=MessageContext(language=said.language, additional_input=said.additional_input),
        hand_over_when_spent=not client.is_server,
        admit=partial(client.count_message, session),
    )
    return place_of(received, opening_id)


def _open(conversation: Conversation) -> str | None:
    """The id of the opening message, said now, or just before and nothing since; else None."""
    opening = greet(conversation)
    if opening is None and conversation.message_seq == 1:
        rows: Any = conversation.messages.filter(author_kind=AuthorKind.ASSISTANT, erased_at=None)
        opening = rows.first()
    return None if opening is None else str(opening.id)


def _require_room(client: Client, session: VisitorSession, files: Sequence[File]) -> None:
    """Raises BadRequest where files are not taken, TooLarge and TooManyRequests."""
    if not client.takes_files:
        raise BadRequest("Files are not taken here.", code="files_not_allowed")
    if len(files) > FILES_PER_MESSAGE:
        raise BadRequest(f"At most {FILES_PER_MESSAGE} files.", code="too_many_files")
    for file in files:
        limits.hit(
            limits.UPLOAD_PER_SESSION,
            client.grant.tenant_id,
            session.id,
            exempt=client.grant.tenant_is_demo,
        )
        attachments.require_room(session, size=file.size)


def _count_analysis(client: Client) -> None:
    exempt = client.grant.tenant_is_demo
    limits.hit(limits.ANALYSES, client.grant.tenant_id, exempt=exempt)
