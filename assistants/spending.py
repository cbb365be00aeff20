"""What answers of language models cost so far, and what they may cost."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from assistants.counters import month_of
from assistants.models import Budget, UsageCounter, UsageEntry
from tenants.models import Tenant


@dataclass(frozen=True)
class Spending:
    """Turns that were answered, and the tokens and US dollars of these and of failed attempts."""

    turns: int = 0
    tokens: int = 0
    unpriced_tokens: int = 0
    known_cost: Decimal = Decimal(0)

    @property
    def cost(self) -> Decimal | None:
        """The cost of the tokens whose price is known; None if there are others only."""
        return self.known_cost if self.unpriced_tokens < self.tokens or not self.tokens else None

    def data(self) -> dict[str, Any]:
        return {
            "turns": self.turns,
            "tokens": self.tokens,
            "unpricedTokens": self.unpriced_tokens,
            "cost": None if self.cost is None else f"{self.cost:.8f}",
        }


def spent(conversation_id: UUID) -> Spending:
    """What one conversation cost."""
    sums = UsageEntry.objects.filter(conversation_id=conversation_id).aggregate(
        turns=Count("pk", filter=Q(state=UsageEntry.State.SETTLED)),
        tokens=Coalesce(Sum(F("input_tokens") + F("output_tokens")), 0),
        unpriced_tokens=Coalesce(Sum("unpriced_tokens"), 0),
        known_cost=Coalesce(Sum("cost"), Decimal(0)),
    )
    return Spending(**sums)


def this_month() -> str:
    return month_of(datetime.now(UTC))


def month(tenant_id: UUID, period: str = "") -> Spending:
    """What a tenant's month cost, by default the current one; also from the platform's scope."""
    counter = UsageCounter.objects.filter(
        tenant_id=tenant_id, subject=tenant_id, period=period or this_month()
    ).first()
    if counter is None:
        return Spending()
    return Spending(counter.turns_used, counter.tokens_used, counter.unpriced_tokens, counter.cost)


@dataclass(frozen=True)
class Day(Spending):
    """One day (``2031-05-17``, in UTC) of the ledger."""

    day: str = ""


def by_day(tenant: Tenant, count: int) -> list[Day]:
    """A tenant's last days, today last, also those on which nothing was used."""
    today = datetime.now(UTC).date()
    names = [f"{today - timedelta(days=back)}" for back in reversed(range(count))]
    months = {name[:7] for name in names}
    rows = UsageEntry.objects.filter(tenant=tenant, month__in=months, day__gte=names[0])
    sums = rows.values("day").annotate(
        turns=Count("pk", filter=Q(state=UsageEntry.State.SETTLED)),
        tokens=Coalesce(Sum(F("input_tokens") + F("output_tokens")), 0),
        unpriced_tokens=Coalesce(Sum("unpriced_tokens"), 0),
        known_cost=Coalesce(Sum("cost"), Decimal(0)),
    )
    found = {row["day"]: Day(**row) for row in sums}
    return [found.get(name, Day(day=name)) for name in names]


def budget_of(tenant: Tenant) -> Budget:
    """A tenant's limits, empty ones if nobody set any; also from the platform's scope."""
    return Budget.objects.filter(tenant=tenant).first() or Budget()


def limits() -> Budget:
    """The limits of the scope's tenant: all of them empty for one without, and for a demo."""
    return Budget.objects.filter(tenant__is_demo=False).first() or Budget()
