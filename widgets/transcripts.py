"""A conversation as a text that its visitor takes along."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from conversations.models import AuthorKind, Conversation
from conversations.plain_text import plain
from conversations.visitor_queries import transcript
from tenants.models import Tenant
from widgets.bubbles import texts_of
from widgets.config import complete_settings
from widgets.models import Bubble
from widgets.wording import line_in

MESSAGES_LIMIT = 1_000
INDENT = "  "


def title_of(bubble: Bubble, locale: str) -> str:
    tenant = Tenant.objects.get(pk=bubble.tenant_id)
    return texts_of(bubble, locale)["transcriptTitle"].replace("{name}", tenant.name)


def file_of(conversation: Conversation, bubble: Bubble, locale: str) -> str:
    return f"{title_of(bubble, locale)}\n\n{text_of(conversation, bubble, locale)}"


def text_of(conversation: Conversation, bubble: Bubble, locale: str) -> str:
    """The latest 1,000 messages, oldest first, by the clock of the bubble's business hours.

    Without notes and without what was erased. Further lines of a message are indented, so that
    nobody's message passes for somebody else's.
    """
    texts = texts_of(bubble, locale)
    zone = ZoneInfo(complete_settings(bubble.settings)["businessHours"]["timezone"])
    messages = transcript([conversation.id], size=MESSAGES_LIMIT)
    lines = [_line(message, texts, zone) for message in messages]
    return "\n".join(lines) + "\n"


def _line(message: dict[str, Any], texts: dict[str, str], zone: ZoneInfo) -> str:
    at = datetime.fromisoformat(message["createdAt"]).astimezone(zone)
    moment = f"{at:%Y-%m-%d %H:%M %Z}"
    is_visitors = message["author"]["kind"] == AuthorKind.VISITOR
    said = line_in(texts, message["line"]) or message["text"]
    text = said if is_visitors else plain(said)
    parts = [text] if text else []
    if files := ", ".join(file["name"] for file in message["attachments"]):
        parts.append(f"{texts['transcriptFiles']}: {files}")
    first, *further = "\n".join(parts).splitlines() or [""]
    whole = "\n".join([first, *(f"{INDENT}{line}".rstrip() for line in further)])
    author = _author(message["author"], texts)
    return f"[{moment}] {author}: {whole}" if author else f"[{moment}] {whole}"


def _author(author: dict[str, Any], texts: dict[str, str]) -> str:
    """How the visitor knows them; our own lines have no author."""
    match author["kind"]:
        case AuthorKind.VISITOR:
            return texts["you"]
        case AuthorKind.SYSTEM:
            return ""
    name = " ".join(author["name"].split())
    return name or texts["assistant"]
