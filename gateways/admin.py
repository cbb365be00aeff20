"""The operators' page for web integrations: what their clients may, and their tokens."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from gateways.blackbox.integrations import delete_integration, issue_token
from gateways.models import WebIntegration
from tenants.errors import NotFound
from tenants.models import Credential
from tenants.operators import (
    EVERYTHING,
    LinesField,
    OperatorsAdmin,
    actor,
    change_url,
    links,
    state_of,
)
from tenants.scope import tenant_scope
from widgets.admin_form import each_valid
from widgets.models import validate_origin


class WebIntegrationForm(forms.ModelForm):
    origins = LinesField(
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="Pages that may use it, one on each line, such as https://www.example.com. "
        "None means all pages.",
    )
    browser_tools = LinesField(
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="Names of the tools that its pages run, one on each line.",
    )

    class Meta:
        model = WebIntegration
        fields = ("name",)

    def clean_origins(self) -> list[str]:
        return each_valid(self.cleaned_data["origins"], validate_origin)


class NewTokenForm(forms.Form):
    name = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget)


@admin.register(WebIntegration)
class WebIntegrationAdmin(OperatorsAdmin):
    """A new one has no token yet."""

    form = WebIntegrationForm
    owners_may = EVERYTHING
    list_display = ("name", "tenant", "assistant", "allow_web_chat", "allow_web_call", "updated_at")
    list_select_related = ("tenant", "assistant")
    search_fields = ("name", "tenant__name")
    autocomplete_fields = ("tenant",)
    fixed_fields = ("tenant",)
    own_choices = ("assistant",)
    readonly_fields = ("tokens",)
    actions_detail = ("new_token",)
    add_fieldsets = ((None, {"fields": ("tenant", "name")}),)
    fieldsets = (
        (None, {"fields": (("name", "tenant"), "assistant", "tokens")}),
        ("What it may", {"fields": (("allow_web_chat", "allow_web_call"), "origins")}),
        ("Tools", {"fields": ("browser_tools",)}),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        if obj is None:
            options["form"] = forms.ModelForm
        return super().get_form(request, obj, **options)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete")

    def delete_model(self, request: HttpRequest, obj: WebIntegration) -> None:
        # Somebody else may have been faster.
        with suppress(NotFound), tenant_scope(obj.tenant_id):
            delete_integration(obj, actor=actor(request))

    @display(description="Tokens")
    def tokens(self, integration: WebIntegration) -> str:
        rows = Credential.objects.filter(subject_id=integration.pk)
        rows = rows.order_by("-revoked_at", "-created_at")
        return links((change_url(row), row, state_of(row)) for row in rows)

    @action(description="New token", icon="key")
    def new_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = NewTokenForm(request.POST or None)

        def act(integration: WebIntegration) -> HttpResponse:
            name = form.cleaned_data["name"]
            with tenant_scope(integration.tenant_id):
                issued = issue_token(integration, name=name, actor=actor(request))
            return self.show_issued(request, issued)

        return self.perform(
            request,
            object_id,
            act,
            form=form,
            title="New token",
            question="Whoever has this token may write as a visitor of this integration.",
            button="Make a token",
        )
