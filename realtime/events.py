"""Announcing what happened: collected while a verb runs, numbered and stored as it commits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction

from realtime import bus
from realtime.models import Audience, Event
from tenants.scope import Scope, before_commit, current_scope

# Sorted so that two transactions always lock heads in the same order, the tenant's head last.
NUMBER_FEEDS = """
INSERT INTO realtime_head (feed, seq) SELECT * FROM unnest(%s::uuid[], %s::bigint[])
ON CONFLICT (feed) DO UPDATE SET seq = realtime_head.seq + EXCLUDED.seq
RETURNING feed, seq, statement_timestamp()
"""
# Only what is there is replaced: the audiences of one type are told different things.
REWRITE = """
UPDATE realtime_event SET data = data || (
    SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each(%s::jsonb -> split_part(type, ':', 1)) WHERE data ? key
)
WHERE conversation_id = %s
"""
# What ends so tells that earlier events of its feed were rewritten: nobody may remember them.
REWRITTEN = ":erased"


@dataclass
class Collected:
    """The events of one open scope, in the order in which they were emitted."""

    events: list[Event] = field(default_factory=list)


def emit(
    audience: Audience, type: str, data: dict[str, Any], *, conversation_id: UUID | None = None
) -> None:
    """Announce ``type`` to the team, or to the conversation's visitor, once the scope commits.

    ``data`` is stored as given: it shows the state at this moment, not at delivery.
    """
    scope = current_scope()
    collected = scope.notes.setdefault("events", Collected())
    collected.events.append(
        Event(
            tenant_id=scope.tenant_id,
            audience=audience,
            conversation_id=conversation_id,
            type=type,
            data=data,
        )
    )
    before_commit(flush)


def flush() -> None:
    """Number and store what was emitted. Runs last, so that heads are locked for a moment only."""
    scope = current_scope()
    events = scope.notes.pop("events").events
    _number(scope, events)
    Event.objects.bulk_create(events)
    payload = [wire_event(event) for event in events]

    def publish() -> None:
        bus.publish(scope.tenant_id, {"events": payload})

    # A closure, not a partial: Django 5.2 logs the hook's __qualname__ when it fails.
    transaction.on_commit(publish, using=router.db_for_write(Event), robust=True)


def rewrite(conversation_id: UUID, fields: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace fields in the data of a conversation's events, by the first part of their type.

    Whoever calls this announces an event whose type ends in ``REWRITTEN``, to both audiences.
    """
    with connections[router.db_for_write(Event)].cursor() as cursor:
        cursor.execute(REWRITE, [json.dumps(fields), conversation_id])


def feed_of(event: Event) -> UUID:
    if event.audience == Audience.TEAM:
        return event.tenant_id
    assert event.conversation_id is not None
    return event.conversation_id


def wire_event(event: Event) -> dict[str, Any]:
    """The event as it travels between processes."""
    return {
        "feed": str(feed_of(event)),
        "seq": event.seq,
        "type": event.type,
        "data": event.data,
        "at": event.at.isoformat().replace("+00:00", "Z"),
    }


def _number(scope: Scope, events: list[Event]) -> None:
    counts: dict[UUID, int] = {}
    for event in events:
        counts[feed_of(event)] = counts.get(feed_of(event), 0) + 1
    feeds = sorted(counts, key=lambda feed: (feed == scope.tenant_id, feed))
    with connections[router.db_for_write(Event)].cursor() as cursor:
        cursor.execute(NUMBER_FEEDS, [feeds, [counts[feed] for feed in feeds]])
        rows = cursor.fetchall()
    last = {feed: seq for feed, seq, _ in rows}
    following = {feed: last[feed] - count for feed, count in counts.items()}
    for event in events:
        following[feed_of(event)] += 1
        # The database's clock, by which events grow old.
        event.seq, event.at = following[feed_of(event)], rows[0][2]
