"""What each request over HTTP does: one transaction that begins with the token, in a thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files import File

from assistants import analyses
from conversations import engine, visitor_queries
from conversations.attachments import StoredFile
from conversations.engine import Received
from conversations.models import AuthorKind, Conversation, VisitorSession
from conversations.opening import greet
from gateways.blits import codec, messages
from gateways.blits.codec import Invalid, Said
from gateways.blits.conversation import Asker, begin
from gateways.blits.door import Client, admitted, expects_response, languages
from tenants import limits
from tenants.errors import BadRequest, NotFound
from tenants.scope import tenant_scope
from widgets.bubbles import config_of
from widgets.chat import message_key
from widgets.doors import place
from widgets.models import Bubble


@dataclass(frozen=True)
class Written:
    """The body of a request with a message: its fields, and the files beside them."""

    fields: dict[str, Any]
    files: Sequence[File]


@dataclass(frozen=True)
class Asked:
    """A stored message, or none if only the opening message was wanted.

    Who has proved the session is told all that is new; anybody else what follows ``told_from``.
    """

    tenant_id: UUID
    conversation_id: UUID
    received: Received | None
    opening_id: str | None
    told_from: int | None


@dataclass(frozen=True)
class Found:
    """A message, and the analysis to wait for if it is a visitor's."""

    tenant_id: UUID
    message: dict[str, Any]
    language: str
    analysis_id: UUID | None


def initialize(asker: Asker, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Begin a conversation, or go on with the one that is named, whose history is told."""
    with admitted(asker.caller) as client:
        opening = _understood(codec.read_opening, read())
        asker.conversation_id = opening.conversation_id
        if opening.secret:
            client = client.with_secret(opening.secret)
        return begin(client, opening, asker, channel=codec.REST_CHANNEL)[1]


def reach(asker: Asker) -> None:
    """Find out whether the conversation is the caller's, and active. Raises NotFound."""
    with admitted(asker.caller) as client:
        asker.find(client)


def ask(
    asker: Asker,
    read: Callable[[], Written],
    *,
    key: str | None,
    attend: Callable[[UUID], object],
) -> Asked:
    """Store what the caller wrote and sent, and before it the opening message if it is wanted.

    ``read`` gives the body, and is called when the caller proved to be let in. ``attend`` hears the
    tenant before anything is stored, so that the answer is not missed.
    """
    with admitted(asker.caller) as client:
        attend(client.grant.tenant_id)
        session, conversation = asker.find(client)
        written = read()
        said = _understood(codec.read_message, written.fields)
        if said.speech:
            raise no_speech()
        if said.user_id:
            asker.user_id = said.user_id
            session, conversation = asker.find(client)
        if not written.files:
            return _store(client, asker, session, conversation, said, key=message_key(key))
        messages.require_room(client, session, conversation, written.files)
        tenant_id = client.grant.tenant_id
    with (
        messages.storing(written.files, tenant_id=tenant_id) as stored,
        admitted(asker.caller) as client,
    ):
        return _store(client, asker, *asker.find(client), said, stored, key=message_key(key))


def take_unseen(asked: Asked, *, also: str | None) -> dict[str, Any]:
    """What was said since the last answer, with the message ``also``.

    From now on it was given, if to somebody who may know all of it.
    """
    with tenant_scope(asked.tenant_id):
        conversation = engine.team_conversation(asked.conversation_id)
        said = visitor_queries.unseen(conversation, also=also, after=asked.told_from or 0)
        if said and asked.told_from is None:
            engine.mark_seen(conversation, seq=said[-1]["seq"])
        return codec.response(
            str(conversation.id),
            said,
            language=languages(conversation)[0],
            expects_response=expects_response(conversation),
        )


def look_up(asker: Asker, message_id: str) -> Found:
    """Raises Forbidden for pages, and NotFound."""
    with admitted(asker.caller) as client:
        client.require_server()
        _, conversation = asker.find(client)
        message = visitor_queries.message(conversation, message_id)
        analysis_id = None
        if message["author"]["kind"] == AuthorKind.VISITOR and message["text"].strip():
            assert conversation.assistant is not None
            is_test = conversation.is_test
            _count_analysis(client)
            analysis_id = analyses.want(conversation.assistant, message["text"], staging=is_test)
        return Found(client.grant.tenant_id, message, languages(conversation)[0], analysis_id)


def want_analysis(asker: Asker, text: str) -> tuple[UUID, UUID]:
    """The tenant and the analysis to wait for. Raises Forbidden for pages, and BadRequest."""
    with admitted(asker.caller) as client:
        client.require_server()
        if not text.strip():
            raise BadRequest("message: Must not be empty.", code="message_required")
        if len(text) > analyses.TEXT_LIMIT or "\0" in text:
            message = f"message: At most {analyses.TEXT_LIMIT} characters, and none of them NUL."
            raise BadRequest(message, code="invalid")
        _count_analysis(client)
        return client.grant.tenant_id, analyses.want(client.assistant(), text)


def settings_of(asker: Asker, code: str) -> dict[str, Any]:
    """The public config of a bubble of the server's, or of the page's own. Raises NotFound."""
    with admitted(asker.caller) as client:
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
    asker: Asker,
    session: VisitorSession,
    conversation: Conversation,
    said: Said,
    files: Sequence[StoredFile] = (),
    *,
    key: str | None,
) -> Asked:
    opening_id = _open(conversation) if said.is_opening else None
    may_read = client.may_read(session, asker.readable)
    place_of = partial(Asked, client.grant.tenant_id, conversation.id)
    if said.is_opening and not said.text and not files:
        client.count_message(session)
        engine.set_language(conversation, said.language)
        return place_of(None, opening_id, None if may_read else conversation.message_seq)
    received = messages.receive(client, session, conversation, said, files, key=key)
    return place_of(received, opening_id, None if may_read else received.seq)


def _open(conversation: Conversation) -> str | None:
    """The id of the opening message, said now, or just before and nothing since; else None."""
    opening = greet(conversation)
    if opening is None and conversation.message_seq == 1:
        rows: Any = conversation.messages.filter(author_kind=AuthorKind.ASSISTANT, erased_at=None)
        opening = rows.first()
    return None if opening is None else str(opening.id)


def _count_analysis(client: Client) -> None:
    exempt = client.grant.tenant_is_demo
    limits.hit(limits.ANALYSES, client.grant.tenant_id, exempt=exempt)
