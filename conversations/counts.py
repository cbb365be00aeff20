"""How many conversations there are of each kind, without counting them."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import Sum

from conversations.models import Mention, Owner, Status, Tally
from tenants.scope import platform_scope

MENTIONS_COUNTED = 100
FOLDED_AT_ONCE = 20_000
# Ordered, so that two who do it at once do not wait for each other.
FOLD = """
WITH loose AS (
    DELETE FROM conversations_tally WHERE id IN (
        SELECT id FROM conversations_tally WHERE NOT is_folded
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING tenant_id, status, owner, assignee_id, team_id, number
)
INSERT INTO conversations_tally AS tally
    (id, tenant_id, status, owner, assignee_id, team_id, number, is_folded)
SELECT gen_random_uuid(), tenant_id, status, owner, assignee_id, team_id, sum(number), true
FROM loose GROUP BY tenant_id, status, owner, assignee_id, team_id HAVING sum(number) <> 0
ORDER BY tenant_id, status, owner, assignee_id, team_id
ON CONFLICT (tenant_id, status, owner, assignee_id, team_id) WHERE is_folded
DO UPDATE SET number = tally.number + EXCLUDED.number
"""


def counts(member_id: UUID | None) -> dict[str, Any]:
    """The numbers of open conversations, of those that are parked, and of resolved ones.

    ``mine`` and ``mentions`` are the member's, and 0 for nobody.
    """
    kinds = Tally.objects.values_list("status", "owner", "assignee_id", "team_id")
    statuses: Counter[str] = Counter()
    owners: Counter[str] = Counter()
    members: Counter[UUID | None] = Counter()
    teams: Counter[UUID | None] = Counter()
    for status, owner, assignee_id, team_id, number in kinds.annotate(Sum("number")):
        statuses[status] += number
        if status == Status.OPEN:
            owners[owner] += number
            members[assignee_id] += number
            teams[team_id] += number
    return {
        "mine": members[member_id] if member_id is not None else 0,
        "unassigned": members[None],
        "waiting": owners[Owner.WAITING],
        "all": statuses[Status.OPEN],
        "snoozed": statuses[Status.SNOOZED],
        "pending": statuses[Status.PENDING],
        "resolved": statuses[Status.RESOLVED],
        "mentions": _unseen(member_id) if member_id is not None else 0,
        "teams": _by_id(teams),
        "members": _by_id(members),
    }


def fold() -> None:
    """Make one row of all that are of one kind."""
    with platform_scope("fold tallies"):
        with connections[router.db_for_write(Tally)].cursor() as cursor:
            cursor.execute(FOLD, [FOLDED_AT_ONCE])
        Tally.objects.filter(number=0, is_folded=True).delete()


def _unseen(member_id: UUID) -> int:
    """In how many conversations a note is for them that they have not seen, up to a hundred."""
    mentions = Mention.objects.filter(member_id=member_id, is_seen=False)
    return len(mentions.values("conversation_id").distinct()[:MENTIONS_COUNTED])


def _by_id(numbers: Counter[UUID | None]) -> dict[str, int]:
    return {str(key): number for key, number in numbers.items() if key is not None and number}
