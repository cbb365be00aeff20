"""Setting a tenant's limits, and reading what it has used."""

from decimal import Decimal

from assistants import spending
from assistants.events import Usage
from assistants.models import Budget, UsageCounter, UsageEntry
from tenants.scope import tenant_scope

PRICED = Usage("small", input_tokens=20, output_tokens=5, cost=Decimal("0.003"))


def limit(tenant, **limits):
    with tenant_scope(tenant.id):
        Budget.objects.update_or_create(
            defaults=limits, create_defaults={"tenant": tenant, **limits}
        )


def counts(tenant):
    """(used, reserved, tokens) of each of the tenant's counters, a visitor's before its own."""
    with tenant_scope(tenant.id):
        rows = UsageCounter.objects.order_by("-period")
        return [(row.turns_used, row.turns_reserved, row.tokens_used) for row in rows]


def states(tenant):
    with tenant_scope(tenant.id):
        return list(UsageEntry.objects.order_by("created_at").values_list("state", flat=True))


def month(tenant):
    with tenant_scope(tenant.id):
        return spending.month(tenant.id)
