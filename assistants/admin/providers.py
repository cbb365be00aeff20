"""Where a tenant's language models are served."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from assistants.admin.provider_form import ProviderForm
from assistants.models import Provider
from assistants.providers.accounts import Account, account_of
from assistants.providers.check import models_of
from tenants.errors import LiveChatError
from tenants.operators import OperatorsAdmin
from tenants.workplace import afterwards

LISTED = 50


@admin.register(Provider)
class ProviderAdmin(OperatorsAdmin):
    """Where a tenant's models are served; versions refer to it, so a new key works at once."""

    form = ProviderForm
    list_display = ("name", "tenant", "kind", "base_url", "key_state")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name")
    fixed_fields = ("tenant",)
    readonly_fields = ("key_state",)
    actions_detail = ("check_provider",)
    add_fieldsets = ((None, {"fields": ("tenant", "name", "kind", "base_url", "key")}),)
    fieldsets = ((None, {"fields": ("tenant", "name", "kind", "base_url", "key", "key_state")}),)

    @action(description="Check", icon="network_check")
    def check_provider(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(provider: Provider) -> None:
            account = account_of(provider)
            afterwards(request, lambda: _ask(request, account))

        return self.perform(
            request,
            object_id,
            act,
            title="Check the provider",
            question="The provider is asked for its models, with the key that is set.",
            button="Ask",
        )

    @display(description="Key set")
    def key_state(self, provider: Provider) -> str:
        return "yes" if provider.sealed_key else "no"


def _ask(request: HttpRequest, account: Account) -> None:
    try:
        names = models_of(account)
    except LiveChatError as error:
        messages.error(request, error.message)
        return
    listed = ", ".join(names[:LISTED]) or "none"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    messages.success(request, f"The provider answers. Its models: {listed}{more}.")
