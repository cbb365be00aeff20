"""The operators' pages for what answers of language models cost: budgets and the ledger."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import StackedInline
from unfold.decorators import display

from assistants import spending
from assistants.models import Budget, UsageEntry
from tenants.admin import TenantAdmin
from tenants.admin_rights import OwnersToo
from tenants.operators import OperatorsAdmin

STATES = {"settled": "success", "held": "info"}


class BudgetFormSet(BaseInlineFormSet):
    @classmethod
    def get_default_prefix(cls) -> str:
        # Tenants know no name of their own for what belongs to them.
        return "budget"


class BudgetInline(OwnersToo, StackedInline):
    """A tenant's limits on the tenant's page, beside what this month has used of them."""

    owners_may = frozenset({"view"})

    model = Budget
    formset = BudgetFormSet
    max_num = 1
    can_delete = False
    hide_title = True
    readonly_fields = ("this_month",)
    fields = (
        ("turns_per_month", "tokens_per_month"),
        ("visitor_turns_per_day", "this_month"),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django asks inlines with the row that they stand below.
        return super().has_add_permission(request)

    @display(description="This month")
    def this_month(self, budget: Budget) -> str:
        if budget.tenant_id is None:
            return "–"
        spent = spending.month(budget.tenant_id)
        cost = "of unknown cost" if spent.cost is None else f"US$ {spent.cost:,.2f}"
        return f"{spent.turns:,} turns, {spent.tokens:,} tokens, {cost}"


# The tenant's own page is made in a room below, which does not know budgets.
TenantAdmin.inlines = (*TenantAdmin.inlines, BudgetInline)


@admin.register(UsageEntry)
class UsageEntryAdmin(OperatorsAdmin):
    """The ledger: read, never written here."""

    list_display = ("created_at", "tenant", "status", "model", "tokens", "price", "conversation")
    list_filter = ("state",)
    list_select_related = ("tenant",)
    search_fields = ("=key", "=conversation_id", "model", "tenant__name")
    ordering = ("-created_at",)
    fields = (
        "tenant",
        ("status", "key"),
        ("conversation", "subject"),
        ("month", "day"),
        ("model", "is_estimated"),
        ("input_tokens", "output_tokens"),
        ("price", "unpriced_tokens"),
        ("created_at", "closed_at"),
    )
    readonly_fields = ("status", "tokens", "price", "conversation")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="State", label=STATES)
    def status(self, entry: UsageEntry) -> str:
        return entry.state

    @display(description="Tokens")
    def tokens(self, entry: UsageEntry) -> str:
        return f"{entry.input_tokens + entry.output_tokens:,}"

    @display(description="Cost in US$", ordering="cost")
    def price(self, entry: UsageEntry) -> str:
        """As far as it is known; nothing where no token has a price."""
        has_price = entry.input_tokens + entry.output_tokens > entry.unpriced_tokens
        return f"{entry.cost:,.4f}" if has_price else "–"

    @display(description="Conversation")
    def conversation(self, entry: UsageEntry) -> str:
        if entry.conversation_id is None:
            return "–"
        page = reverse("admin:conversations_conversation_change", args=[entry.conversation_id])
        return format_html('<a href="{}">{}</a>', page, entry.conversation_id)
