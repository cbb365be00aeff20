"""What answers of language models cost so far, and what they may cost."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from assistants.counters import month_of
from assistants.models import Budget, UsageCounter, UsageEntry


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


def limits() -> Budget:
    """The limits of the scope's tenant: all of them empty for one without, and for a demo."""
    return Budget.objects.filter(tenant__is_demo=False).first() or Budget()
