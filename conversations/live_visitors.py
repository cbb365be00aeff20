"""Who is on which page at this moment, as the pages of willing tenants report it.

Nothing of it is in the database: a tenant's board is a hash in Redis of so many visitors at most,
each of whom is gone when nothing was heard of them for a while.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from conversations.announcements import contact_data, timestamp
from conversations.models import Conversation, Status, VisitorSession
from realtime import notes
from tenants.errors import NotFound

VISITORS_LIMIT = 500
# Pages say so every 30 seconds.
SILENT_SECONDS = 70
LAST_PAGE_SECONDS = 3600
TELL_SECONDS = 2
# By Redis' clock. What is kept begins with the second at which the visitor came.
DROP_SILENT = """
local now = tonumber(redis.call('TIME')[1])
local silent = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[1]))
for _, id in ipairs(silent) do
    redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
end
"""
NOTE = f"""{DROP_SILENT}
local before = redis.call('HGET', KEYS[1], ARGV[2])
if ARGV[4] ~= ARGV[2] and redis.call('HEXISTS', KEYS[1], ARGV[4]) == 1 then
    before = before or redis.call('HGET', KEYS[1], ARGV[4])
    redis.call('HDEL', KEYS[1], ARGV[4])
    redis.call('ZREM', KEYS[2], ARGV[4])
end
if not before and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
    return #silent
end
local since = before and string.match(before, '^%d+') or tostring(now)
local value = since .. ' ' .. ARGV[3]
redis.call('HSET', KEYS[1], ARGV[2], value)
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return #silent + (before == value and 0 or 1)
"""
READ = f"""{DROP_SILENT}
return redis.call('HGETALL', KEYS[1])
"""
FORGET = """
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
"""


@dataclass(frozen=True)
class Page:
    """What a visitor looks at, in which bubble, and as whom if they have begun a session."""

    url: str
    title: str
    bubble_id: str
    session_id: str | None = None


@dataclass(frozen=True)
class LiveVisitor:
    id: str
    since: int
    page: Page


def page_id(bubble_id: UUID, visitor_id: str) -> str:
    """How the team calls the visitor of a page, which alone knows what it calls itself."""
    return sha256(f"{bubble_id}\0{visitor_id}".encode()).hexdigest()[:32]


def note(tenant_id: UUID, visitor_id: str, page: Page) -> bool:
    """Note where a visitor is; whether the board has changed. Raises Unavailable.

    Of a session there is one visitor, on whatever page; the page's own name is given up for it.
    """
    known_as = _session_visitor(page.session_id) if page.session_id else visitor_id
    changed = notes.run(
        NOTE,
        _board(tenant_id),
        SILENT_SECONDS,
        known_as,
        json.dumps(asdict(page)),
        visitor_id,
        VISITORS_LIMIT,
    )
    if page.session_id:
        seen = json.dumps({"url": page.url, "title": page.title, "at": timestamp(_now())})
        key = _last_page(tenant_id, page.session_id)
        notes.ask(lambda redis: redis.set(key, seen, ex=LAST_PAGE_SECONDS))
    return bool(changed)


def forget(tenant_id: UUID, visitor_id: str, session_id: UUID | None) -> bool:
    """Note that a visitor has left the page. Raises Unavailable."""
    known_as = _session_visitor(str(session_id)) if session_id else visitor_id
    return bool(notes.run(FORGET, _board(tenant_id), known_as))


def everybody(tenant_id: UUID) -> list[LiveVisitor]:
    """Who is there, the latest first. Raises Unavailable."""
    found = notes.run(READ, _board(tenant_id), SILENT_SECONDS)
    rows = [_visitor(*pair) for pair in zip(found[::2], found[1::2], strict=True)]
    return sorted(rows, key=lambda row: (-row.since, row.id))


def visitor(tenant_id: UUID, visitor_id: str) -> LiveVisitor:
    """One of them. Raises NotFound and Unavailable."""
    for found in everybody(tenant_id):
        if found.id == visitor_id:
            return found
    raise NotFound("Visitor not found.", code="visitor_not_found")


def claim_telling(tenant_id: UUID) -> bool:
    """Whether it is this caller who tells the team now. Raises Unavailable."""
    key = f"visitors-told:{tenant_id}"
    return bool(notes.ask(lambda redis: redis.set(key, 1, nx=True, px=TELL_SECONDS * 1000 - 100)))


def last_page(tenant_id: UUID, session_id: UUID) -> dict[str, Any] | None:
    """Where a session's visitor was last, within an hour. Raises Unavailable."""
    found = notes.ask(lambda redis: redis.get(_last_page(tenant_id, str(session_id))))
    return json.loads(found) if found else None


def is_there(tenant_id: UUID, session_id: UUID) -> bool:
    """Whether a page of a session's visitor is open that reports it. Raises Unavailable."""
    board, _ = _board(tenant_id)
    known_as = _session_visitor(str(session_id))
    return bool(notes.ask(lambda redis: redis.hexists(board, known_as)))


def board_data(visitors: list[LiveVisitor]) -> list[dict[str, Any]]:
    """What the team may know of them, in two statements; inside the tenant's scope."""
    ids = [each.page.session_id for each in visitors if each.page.session_id]
    sessions = VisitorSession.objects.select_related("contact").in_bulk(ids)
    begun = Conversation.objects.filter(session__in=ids, message_seq__gt=0)
    latest = begun.exclude(status=Status.RESOLVED).order_by("session", "-created_at")
    rows = latest.distinct("session").values_list("session_id", "id")
    conversations = {str(session_id): str(found) for session_id, found in rows}
    contacts = {str(pk): contact_data(session.contact) for pk, session in sessions.items()}
    return [_data(each, contacts, conversations) for each in visitors]


def _data(
    visitor: LiveVisitor, contacts: dict[str, dict[str, Any]], conversations: dict[str, str]
) -> dict[str, Any]:
    session_id = visitor.page.session_id or ""
    return {
        "id": visitor.id,
        "url": visitor.page.url,
        "title": visitor.page.title,
        "since": timestamp(datetime.fromtimestamp(visitor.since, UTC)),
        "sessionId": session_id or None,
        "conversationId": conversations.get(session_id),
        "contact": contacts.get(session_id),
    }


def _visitor(visitor_id: str, stored: str) -> LiveVisitor:
    since, _, page = stored.partition(" ")
    return LiveVisitor(visitor_id, int(since), Page(**json.loads(page)))


def _session_visitor(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()[:32]


def _board(tenant_id: UUID) -> tuple[str, str]:
    return f"visitors:{tenant_id}", f"visitors-seen:{tenant_id}"


def _last_page(tenant_id: UUID, session_id: str) -> str:
    return f"visitor-page:{tenant_id}:{session_id}"


def _now() -> datetime:
    return datetime.now(UTC)
