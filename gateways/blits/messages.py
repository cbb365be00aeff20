"""What a visitor sends, its words and its files, whichever way it came."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from django.core.files import File

from conversations import attachments, engine
from conversations.attachments import FILES_PER_MESSAGE, StoredFile
from conversations.engine import Received
from conversations.message_context import MessageContext
from conversations.models import Conversation, VisitorSession
from gateways.blits.codec import Said
from gateways.blits.door import Client
from tenants import limits
from tenants.errors import BadRequest


def receive(
    client: Client,
    session: VisitorSession,
    conversation: Conversation,
    said: Said,
    files: Iterable[StoredFile] = (),
    *,
    key: str | None = None,
    seen_seq: int = 0,
) -> Received:
    """Store a message. A page's visitor waits for a person when there is no budget for an answer.

    Raises as the engine's verb does.
    """
    return engine.receive_message(
        session,
        text=said.text,
        conversation_id=str(conversation.id),
        client_id=key,
        files=[attachments.attach_later(file, session=session) for file in files],
        context=MessageContext(
            language=said.language,
            additional_input=said.additional_input,
            seen_seq=seen_seq,
            team_id=client.door.bubble.team_id if client.door else None,
        ),
        hand_over_when_spent=not client.is_server,
        admit=partial(client.count_message, session),
    )


def require_room(
    client: Client, session: VisitorSession, conversation: Conversation, files: Sequence[File]
) -> None:
    """Raises BadRequest where files are not taken, TooLarge and TooManyRequests."""
    if not client.may_send_files(conversation):
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


@contextmanager
def storing(files: Iterable[File], *, tenant_id: UUID) -> Iterator[list[StoredFile]]:
    """Put files into the storage, and take them out again if they cannot be sent."""
    stored: list[StoredFile] = []
    try:
        stored += (attachments.store(file, tenant_id=tenant_id) for file in files)
        yield stored
    except Exception:
        for one in stored:
            attachments.discard(one)
        raise
