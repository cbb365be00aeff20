"""Waiting for a person: a place in a team's queue, and how long that takes.

A place is counted from who waited before, and only falls for whoever was told of it.
"""

from statistics import median
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction

from conversations.models import Conversation, Queue
from realtime import bus
from realtime.ephemeral import whisper
from tenants.ids import uuid7
from tenants.scope import current_scope, tenant_scope

# The name of a task above, which tells visitors what their bubbles say.
NUDGE = "livechat.route"
REPLIES_KEPT = 20
PLACES_AT_ONCE = 500
LAST_PLACE = """
SELECT statement_timestamp(), count(*) + 1 FROM conversations_conversation
WHERE tenant_id = %s AND owner = 'waiting' AND assignee_id IS NULL
AND team_id IS NOT DISTINCT FROM %s AND id <> %s
"""
# Rows that somebody is at are left for the next time: nobody waits here with places locked.
NEARER = """
WITH places AS (
    SELECT id, row_number() OVER (PARTITION BY team_id ORDER BY waiting_since, id) AS place
    FROM conversations_conversation
    WHERE tenant_id = %s AND owner = 'waiting' AND assignee_id IS NULL
    AND waiting_since IS NOT NULL
), nearer AS (
    SELECT c.id, places.place FROM conversations_conversation c JOIN places USING (id)
    WHERE c.told_position IS NULL OR places.place < c.told_position
    ORDER BY places.place LIMIT %s FOR NO KEY UPDATE OF c SKIP LOCKED
)
UPDATE conversations_conversation c SET told_position = nearer.place FROM nearer
WHERE c.id = nearer.id RETURNING c.id, c.team_id, c.told_position
"""
NOTE_REPLY = """
INSERT INTO conversations_queue AS queue (id, tenant_id, team_id, reply_seconds)
VALUES (%(id)s, %(tenant)s, %(team)s, ARRAY[
    least(greatest(0, extract(epoch FROM statement_timestamp() - %(since)s)), 1e9)::int
])
ON CONFLICT (tenant_id, team_id) DO UPDATE
SET reply_seconds = (EXCLUDED.reply_seconds || queue.reply_seconds)[1:%(kept)s]
"""


def at_the_end(conversation: Conversation) -> dict[str, Any]:
    """What a conversation that begins to wait changes to: the last place of its queue."""
    values = [conversation.tenant_id, conversation.team_id, conversation.id]
    with connections[router.db_for_write(Conversation)].cursor() as cursor:
        cursor.execute(LAST_PLACE, values)
        since, position = cursor.fetchone()
    return {"waiting_since": since, "told_position": position, **_NOBODY}


def out_of_line() -> dict[str, Any]:
    """What a conversation changes to that nobody is to answer in person."""
    return {"waiting_since": None, "told_position": None, "is_routed": False}


def wait_for_person(conversation: Conversation) -> None:
    """Put a conversation whose owner becomes ``waiting`` into its queue; the caller saves."""
    for name, value in at_the_end(conversation).items():
        setattr(conversation, name, value)
    nudge_after_commit(conversation.tenant_id)


def note_reply(conversation: Conversation) -> None:
    """Note how long the visitor waited for a person's first reply; the caller saves."""
    if conversation.waiting_since is None:
        return
    values = {
        "id": uuid7(),
        "tenant": conversation.tenant_id,
        "team": conversation.team_id,
        "since": conversation.waiting_since,
        "kept": REPLIES_KEPT,
    }
    with connections[router.db_for_write(Queue)].cursor() as cursor:
        cursor.execute(NOTE_REPLY, values)
    conversation.waiting_since = None


def usual_reply_seconds(reply_seconds: list[int] | None) -> int | None:
    """What whoever asks for a person may expect; None when nobody knows."""
    return round(median(reply_seconds)) if reply_seconds else None


def tell_positions(tenant_id: UUID) -> None:
    """Tell the visitors who have come nearer."""
    with tenant_scope(tenant_id):
        with connections[router.db_for_write(Conversation)].cursor() as cursor:
            cursor.execute(NEARER, [tenant_id, PLACES_AT_ONCE])
            nearer = cursor.fetchall()
        queues = dict(Queue.objects.values_list("team_id", "reply_seconds")) if nearer else {}
    for conversation_id, team_id, position in nearer:
        data = {
            "conversationId": str(conversation_id),
            "position": position,
            "usualReplySeconds": usual_reply_seconds(queues.get(team_id)),
        }
        whisper(tenant_id, "queue:position", data, visitor_of=conversation_id)


def nudge_after_commit(tenant_id: UUID | None = None) -> None:
    """Have the queues looked at, as somebody waits or has become free."""
    tenant_id = tenant_id or current_scope().tenant_id

    def nudge() -> None:
        bus.nudge(NUDGE, tenant_id=str(tenant_id))

    transaction.on_commit(nudge, using=router.db_for_write(Conversation), robust=True)


_NOBODY = {"assignee": None, "is_routed": False, "is_absence_told": False}
