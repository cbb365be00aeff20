"""The list of conversations: which ones, in which order, page by page."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan

from conversations import search
from conversations.announcements import conversation_data
from conversations.models import Conversation, Mention
from conversations.pages import PAGE_SIZE, Page, decode_cursor, page_of

NOBODY = None
Rows = QuerySet[Any]


@dataclass(frozen=True)
class Filters:
    """What a conversation must have, one of each; nothing asks for nothing.

    ``mentions`` is a member whom a note in it is for, ``since`` and ``until`` are about its
    beginning, ``until`` not included; ``question`` is what ``search.conversation_ids`` takes.
    """

    statuses: Collection[str] = ()
    owners: Collection[str] = ()
    assignees: Collection[UUID | None] = ()
    teams: Collection[UUID | None] = ()
    assistants: Collection[UUID] = ()
    labels: Collection[str] = ()
    channels: Collection[str] = ()
    priorities: Collection[int] = ()
    is_unread: bool = False
    mentions: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    contact: UUID | None = None
    question: str = ""


@dataclass(frozen=True)
class Sort:
    """An order, how a row's place in it is written in a cursor, and what follows such a place."""

    by: tuple[Any, ...]
    place: Callable[[Conversation], str]
    after: Callable[[Rows, str], Rows]


def inbox(
    filters: Filters | None = None,
    *,
    sort: str = "updated",
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """The conversations in which somebody has written. Raises BadRequest for a bad cursor."""
    order, filters = SORTS[sort], filters or Filters()
    rows = chosen(filters)
    if cursor:
        rows = decode_cursor(cursor, partial(order.after, rows))
    rows = rows.select_related("contact").order_by(*order.by)
    if filters.mentions is None:
        return page_of(rows, size=size, render=conversation_data, position=order.place)
    unseen = _mentions(filters.mentions).filter(is_seen=False)
    rows = rows.annotate(is_mentioned=Exists(unseen))
    return page_of(rows, size=size, render=_with_mention, position=order.place)


def chosen(filters: Filters) -> Rows:
    """The conversations that meet all filters, in no order."""
    rows = Conversation.objects.filter(message_seq__gt=0)
    for column, values in (
        ("status", filters.statuses),
        ("owner", filters.owners),
        ("assistant_id", filters.assistants),
        ("channel", filters.channels),
        ("priority", filters.priorities),
    ):
        if values:
            rows = rows.filter(**{f"{column}__in": values})
    for column, ids in (("assignee_id", filters.assignees), ("team_id", filters.teams)):
        if ids:
            known = Q(**{f"{column}__in": [each for each in ids if each is not NOBODY]})
            rows = rows.filter(known | Q(**{column: None}) if NOBODY in ids else known)
    if filters.labels:
        # The first says that the index of those with labels will do.
        rows = rows.filter(labels__len__gt=0, labels__overlap=list(filters.labels))
    if filters.is_unread:
        rows = rows.filter(unread__gt=0)
    if filters.mentions is not None:
        rows = rows.filter(Exists(_mentions(filters.mentions)))
    if filters.contact is not None:
        rows = rows.filter(contact=filters.contact)
    if filters.question:
        rows = rows.filter(pk__in=search.conversation_ids(filters.question))
    return _within(rows, filters)


def _within(rows: Rows, filters: Filters) -> Rows:
    if filters.since is not None:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until is not None:
        rows = rows.filter(created_at__lt=filters.until)
    if filters.updated_since is not None:
        rows = rows.filter(updated_at__gte=filters.updated_since)
    return rows


def _mentions(member_id: UUID) -> Rows:
    return Mention.objects.filter(member_id=member_id, conversation_id=OuterRef("pk"))


def _with_mention(row: Any) -> dict[str, Any]:
    return {**conversation_data(row), "mentioned": row.is_mentioned}


def _after_update(rows: Rows, place: str) -> Rows:
    moment, last = _read(place)
    return _before(rows, updated_at=moment, id=last)


def _after_creation(rows: Rows, place: str) -> Rows:
    moment, last = _read(place)
    return _before(rows, created_at=moment, id=last)


def _after_priority(rows: Rows, place: str) -> Rows:
    priority, _, rest = place.partition(" ")
    moment, last = _read(rest)
    return _before(rows, priority=max(0, min(int(priority), 9)), updated_at=moment, id=last)


def _after_wait(rows: Rows, place: str) -> Rows:
    """Whoever waits comes first, and they are few; then all others."""
    since, _, text = place.partition(" ")
    if since == "-":
        return rows.filter(waiting_since=None, id__gt=UUID(text))
    moment, last = _read(place)
    later = Q(waiting_since__gt=moment) | Q(waiting_since=moment, id__gt=last)
    return rows.filter(later | Q(waiting_since=None))


def _before(rows: Rows, **place: Any) -> Rows:
    """By one comparison of rows, from which an index is entered right there."""
    # Not in django-stubs.
    columns: Any = Tuple(*map(F, place))
    return rows.filter(TupleLessThan(columns, tuple(place.values())))


def _read(text: str) -> tuple[datetime, UUID]:
    at, _, row_id = text.partition(" ")
    moment = datetime.fromisoformat(at)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC), UUID(row_id)


SORTS = {
    "updated": Sort(
        ("-updated_at", "-id"), lambda row: f"{row.updated_at.isoformat()} {row.id}", _after_update
    ),
    "created": Sort(
        ("-created_at", "-id"),
        lambda row: f"{row.created_at.isoformat()} {row.id}",
        _after_creation,
    ),
    "waiting": Sort(
        (F("waiting_since").asc(nulls_last=True), "id"),
        lambda row: f"{row.waiting_since.isoformat() if row.waiting_since else '-'} {row.id}",
        _after_wait,
    ),
    "priority": Sort(
        ("-priority", "-updated_at", "-id"),
        lambda row: f"{row.priority} {row.updated_at.isoformat()} {row.id}",
        _after_priority,
    ),
}
