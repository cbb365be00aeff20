"""Counters of turns and tokens: a row for each tenant's month and each visitor's day, in UTC."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections, router

from assistants.events import Usage
from assistants.models import UsageCounter
from tenants.ids import uuid7
from tenants.scope import current_scope

NOTHING = Usage()
# Without a row nothing is used yet. Of many who ask at once for the last turn, one gets it.
TAKE = """
INSERT INTO assistants_usagecounter AS counter
    (id, tenant_id, subject, period, turns_used, turns_reserved, tokens_used, unpriced_tokens, cost)
SELECT %(id)s, %(tenant_id)s, %(subject)s, %(period)s, 0, 1, 0, 0, 0
WHERE coalesce(%(turns)s, 1) > 0 AND coalesce(%(tokens)s, 1) > 0
ON CONFLICT (tenant_id, subject, period) DO UPDATE SET turns_reserved = counter.turns_reserved + 1
WHERE (%(turns)s::bigint IS NULL
       OR counter.turns_used + counter.turns_reserved + 1 <= %(turns)s::bigint)
  AND (%(tokens)s::bigint IS NULL OR counter.tokens_used < %(tokens)s::bigint)
"""
ADD = """
UPDATE assistants_usagecounter SET
    turns_reserved = turns_reserved + %(reserved)s,
    turns_used = turns_used + %(used)s,
    tokens_used = tokens_used + %(tokens)s,
    unpriced_tokens = unpriced_tokens + %(unpriced_tokens)s,
    cost = cost + %(cost)s
WHERE tenant_id = %(tenant_id)s AND subject = %(subject)s AND period = %(period)s
"""


@dataclass(frozen=True)
class Counter:
    """Whose use is counted (a tenant's or a session's id), and in which month or day."""

    subject: UUID
    period: str

    def seconds_left(self, now: datetime) -> int:
        """How long its period still lasts."""
        if len(self.period) == len("2031-05"):
            first = datetime.fromisoformat(f"{self.period}-01").replace(tzinfo=UTC)
            end = (first + timedelta(days=31)).replace(day=1)
        else:
            end = datetime.fromisoformat(self.period).replace(tzinfo=UTC) + timedelta(days=1)
        return max(1, math.ceil((end - now).total_seconds()))


def month_of(at: datetime) -> str:
    return f"{at:%Y-%m}"


def day_of(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def take(counter: Counter, *, turns: int | None, tokens: int | None) -> bool:
    """Reserve one turn; False, and nothing is written, where that would pass a limit.

    Tokens are known only afterwards, so their limit is soft: it holds once it has been reached.
    """
    values: dict[str, Any] = {
        "id": uuid7(),
        "tenant_id": current_scope().tenant_id,
        "subject": counter.subject,
        "period": counter.period,
        "turns": turns,
        "tokens": tokens,
    }
    with connections[router.db_for_write(UsageCounter)].cursor() as cursor:
        cursor.execute(TAKE, values)
        return bool(cursor.rowcount)


def add(counter: Counter, *, reserved: int = 0, used: int = 0, usage: Usage = NOTHING) -> None:
    """Move turns of a counter that one was taken from, and add what they cost."""
    values: dict[str, Any] = {
        "tenant_id": current_scope().tenant_id,
        "subject": counter.subject,
        "period": counter.period,
        "reserved": reserved,
        "used": used,
        "tokens": usage.tokens,
        "unpriced_tokens": usage.unpriced_tokens,
        "cost": usage.cost or Decimal(0),
    }
    with connections[router.db_for_write(UsageCounter)].cursor() as cursor:
        cursor.execute(ADD, values)
