"""Messages that are sent again with the key of an earlier one, and those that may not be sent."""

import hashlib
import json
from collections.abc import Sequence
from uuid import UUID

from assistants.length import LONGEST_TEXT
from conversations.models import Attachment, Message
from tenants.errors import BadRequest, Conflict
from tenants.ids import parse_uuid
from tenants.models import Membership

MESSAGE_LIMIT = LONGEST_TEXT


def received_before(
    sender_id: UUID, client_id: str | None, body_hash: str, conversation_id: object
) -> Message | None:
    """The message that this one repeats. Raises Conflict if it is not the same one."""
    if client_id is None:
        return None
    message = Message.objects.filter(sender_id=sender_id, client_id=client_id).first()
    if message is None:
        return None
    # A client that missed our answer may repeat itself without knowing the conversation.
    elsewhere = conversation_id and parse_uuid(conversation_id) != message.conversation_id
    if elsewhere or message.body_hash != body_hash:
        raise key_reused()
    return message


def key_reused() -> Conflict:
    return Conflict("This key was used for another message.", code="idempotency_key_reused")


def require_content(text: str, files: Sequence[Attachment]) -> None:
    """Raises BadRequest for a message that says nothing, or too much."""
    if not text.strip() and not files:
        raise BadRequest("A message needs text or a file.", code="message_required")
    if len(text) > MESSAGE_LIMIT:
        raise BadRequest(f"A message has at most {MESSAGE_LIMIT} characters.", code="too_long")


def hash_of(text: str, others: Sequence[Attachment | Membership]) -> str:
    """Of a text, and the files and members that go with it."""
    content = json.dumps([text, *(str(one.id) for one in others)])
    return hashlib.sha256(content.encode()).hexdigest()
