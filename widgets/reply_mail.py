"""A member's reply reaches by mail a visitor who is not there to read it.

What was mailed is noted in the transaction that writes the mail, so that nothing is mailed twice.
"""

import logging
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError

from conversations import engine, unread_replies
from conversations.announcements import attachment_data
from conversations.models import Conversation, Message
from conversations.plain_text import plain
from tenants import mail
from tenants.colors import accents
from tenants.errors import NotFound
from tenants.models import Tenant
from tenants.network import origin_allowed
from tenants.scope import tenant_scope
from widgets.bubbles import bubble_of, locale_of, texts_of
from widgets.config import complete_settings
from widgets.models import Bubble
from widgets.resuming import link_to, may_resume

logger = logging.getLogger(__name__)

CHANNEL = "chat"
SCHEMES = ("https://", "http://")


def send_due() -> None:
    """Mail what visitors have not read for a minute."""
    for tenant_id, conversation_id in unread_replies.due():
        try:
            with tenant_scope(tenant_id), suppress(NotFound):
                _send(engine.team_conversation(conversation_id))
        except Exception:
            # Nobody else's are to wait for these, whatever it is that fails every time.
            logger.exception("The replies in %s could not be mailed", conversation_id)


def _send(conversation: Conversation) -> None:
    bubble = bubble_of(conversation)
    replies = unread_replies.take(conversation)
    email = conversation.contact.email
    is_reachable = conversation.channel == CHANNEL and not conversation.is_test
    if not (replies and email and bubble and is_reachable):
        return
    language = locale_of(bubble, conversation.named_language or conversation.language)
    context = _context(conversation, bubble, replies, language)
    # Whoever gave an address that is none cannot be reached; the team sees the address.
    with suppress(ValidationError):
        mail.send(
            "reply",
            email,
            context,
            language=language,
            key=f"reply {conversation.id} {replies[-1].seq}",
        )


def _context(
    conversation: Conversation, bubble: Bubble, replies: list[Message], language: str
) -> dict[str, Any]:
    texts = texts_of(bubble, language)
    url, site = _ways_back(conversation, bubble)
    tenant = Tenant.objects.get(pk=bubble.tenant_id)
    look = complete_settings(bubble.settings)["widget"]
    name = replies[-1].author_name or tenant.name
    return {
        "headline": texts["mailReplySubject"].replace("{name}", mail.one_line(name)),
        "open": texts["mailReplyOpen"],
        "why": texts["mailReplyWhy"],
        "replies": [
            {"author": reply.author_name, "text": plain(reply.text), "files": _file_names(reply)}
            for reply in replies
        ],
        "color": accents(tenant.brand_color or look["primaryColor"]),
        "url": url,
        "elsewhere": texts["mailReplySite"].replace("{site}", site) if site else "",
    }


def _file_names(message: Message) -> list[str]:
    files = message.attachments.order_by("id")
    return [attachment_data(file)["name"] for file in files]


def _ways_back(conversation: Conversation, bubble: Bubble) -> tuple[str, str]:
    """Where the button leads, and the site that they wrote from beside it, if there is one."""
    session, site = conversation.session, _site(conversation, bubble)
    if site and session and not may_resume(bubble, session):
        return site, ""
    return link_to(bubble, conversation), site


def _site(conversation: Conversation, bubble: Bubble) -> str:
    """Only if the bubble lists it: any other could be made up."""
    origin = conversation.session.origin if conversation.session else ""
    is_listed = bool(bubble.origins or bubble.domains) and origin.startswith(SCHEMES)
    return origin if is_listed and origin_allowed(origin, bubble.origins, bubble.domains) else ""
