"""Paying for what language models answer: one turn is reserved, then settled or given back.

All of this runs inside a tenant's scope. Rows are locked in one order: the ledger's entry, the
visitor's counter, the tenant's counter.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction

from assistants import counters
from assistants.counters import Counter, day_of, month_of
from assistants.events import Usage
from assistants.models import Budget, UsageEntry
from assistants.spending import limits
from tenants.errors import TooManyRequests
from tenants.scope import current_scope

State = UsageEntry.State
# Of an entry that is closed only what was held; what is booked later changes no state.
NOTE = """
UPDATE assistants_usageentry SET
    state = coalesce(%(state)s, state),
    closed_at = CASE WHEN %(state)s IS NULL THEN closed_at ELSE statement_timestamp() END,
    model = coalesce(nullif(%(model)s, ''), model),
    input_tokens = input_tokens + %(input_tokens)s,
    output_tokens = output_tokens + %(output_tokens)s,
    unpriced_tokens = unpriced_tokens + %(unpriced_tokens)s,
    cost = cost + %(cost)s,
    is_estimated = is_estimated OR %(is_estimated)s
WHERE tenant_id = %(tenant_id)s AND key = %(key)s AND (%(state)s IS NULL OR state = 'held')
RETURNING subject, day, month
"""


class BudgetSpent(TooManyRequests):
    """The budget for answers is spent."""

    code = "budget_spent"


def reserve(
    key: UUID,
    *,
    subject: UUID | None,
    conversation_id: UUID | None,
    instead_of: UUID | None = None,
) -> None:
    """Take one turn from the visitor's day and the tenant's month, once for each key.

    ``subject`` is the visitor's session. ``instead_of`` is a key whose turn is given back for this
    one, so that nobody is refused at the edge of a limit for asking again.

    Raises BudgetSpent, and then nothing has changed.
    """
    budget = limits()
    with transaction.atomic(using=router.db_for_write(UsageEntry)):
        old = _noted(instead_of, State.RELEASED) if instead_of else None
        new = _opened(key, subject=subject, conversation_id=conversation_id)
        # Both at each step: a day that has ended meanwhile must not turn the order of locks round.
        for counters_of in (_visitors, _tenants):
            for counter in counters_of(old):
                counters.add(counter, reserved=-1)
            for counter in counters_of(new):
                _take(counter, budget)


def settle(key: UUID, usage: Usage) -> bool:
    """The turn was answered: count it and what it cost, once for each key; False the next time."""
    entry = _noted(key, State.SETTLED, usage)
    for counter in (*_visitors(entry), *_tenants(entry)):
        counters.add(counter, reserved=-1, used=1, usage=usage)
    return entry is not None


def release(key: UUID) -> None:
    """The turn was not answered: the visitor and the tenant have it back."""
    entry = _noted(key, State.RELEASED)
    for counter in (*_visitors(entry), *_tenants(entry)):
        counters.add(counter, reserved=-1)


def book(key: UUID, usage: Usage) -> None:
    """Count what an attempt cost whose answer was not posted; it costs nobody a turn.

    Of work that was never reserved nothing is counted.
    """
    entry = _noted(key, None, usage)
    for counter in (*_visitors(entry), *_tenants(entry)):
        counters.add(counter, usage=usage)


def _opened(key: UUID, *, subject: UUID | None, conversation_id: UUID | None) -> UsageEntry | None:
    """The key's entry, held from now on; None if it is held already or was settled."""
    now = datetime.now(UTC)
    fields: dict[str, Any] = {
        "conversation_id": conversation_id,
        "subject": subject,
        "state": State.HELD,
        "month": month_of(now),
        "day": day_of(now),
        "created_at": now,
        "closed_at": None,
    }
    entry = UsageEntry(tenant_id=current_scope().tenant_id, key=key, **fields)
    UsageEntry.objects.bulk_create([entry], ignore_conflicts=True)
    kept = UsageEntry.objects.select_for_update().get(key=key)
    if kept.pk == entry.pk:
        return entry
    again = UsageEntry.objects.filter(pk=kept.pk, state=State.RELEASED).update(**fields)
    return entry if again else None


def _noted(key: UUID, state: State | None, usage: Usage = counters.NOTHING) -> UsageEntry | None:
    """The key's entry, with what tells its counters; to be closed, it must have been held."""
    tenant_id = current_scope().tenant_id
    values = {
        "tenant_id": tenant_id,
        "key": key,
        "state": state,
        "model": usage.model[:200],
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "unpriced_tokens": usage.unpriced_tokens,
        "cost": usage.cost or Decimal(0),
        "is_estimated": usage.is_estimated,
    }
    with connections[router.db_for_write(UsageEntry)].cursor() as cursor:
        cursor.execute(NOTE, values)
        found = cursor.fetchone()
    if found is None:
        return None
    subject, day, month = found
    return UsageEntry(tenant_id=tenant_id, key=key, subject=subject, day=day, month=month)


def _visitors(entry: UsageEntry | None) -> list[Counter]:
    return [Counter(entry.subject, entry.day)] if entry and entry.subject else []


def _tenants(entry: UsageEntry | None) -> list[Counter]:
    return [Counter(entry.tenant_id, entry.month)] if entry else []


def _take(counter: Counter, budget: Budget) -> None:
    is_tenants = counter.subject == current_scope().tenant_id
    if not counters.take(
        counter,
        turns=budget.turns_per_month if is_tenants else budget.visitor_turns_per_day,
        tokens=budget.tokens_per_month if is_tenants else None,
    ):
        raise BudgetSpent(retry_after=counter.seconds_left(datetime.now(UTC)))
