"""The operators' pages for tools, and what an assistant's page says of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from assistants.admin.tool_form import ToolForm
from assistants.models import Assistant, Tool
from assistants.toolbox import ToolSnapshot
from assistants.versions import create_version
from tenants.operators import EVERYTHING, OperatorsAdmin
from tenants.scope import tenant_scope

FIELDS = ("tenant", "name", "description", "parameters", ("place", "risk"), "is_enabled")
CALL = ("method", "url", "new_headers")
BOUNDS = (("timeout_seconds", "retries"), "fallback_result")


@admin.register(Tool)
class ToolAdmin(OperatorsAdmin):
    """What assistants may call. Versions keep copies: a change reaches them with the next one."""

    form = ToolForm
    owners_may = EVERYTHING
    list_display = ("name", "tenant", "place", "risk", "url", "is_enabled")
    list_filter = ("place", "risk", "is_enabled")
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name")
    fixed_fields = ("tenant", "name")
    readonly_fields = ("headers_state",)
    add_fieldsets = (
        (None, {"fields": FIELDS}),
        ("Call by HTTP", {"fields": CALL}),
        ("Bounds", {"fields": BOUNDS}),
    )
    fieldsets = (
        (None, {"fields": FIELDS}),
        ("Call by HTTP", {"fields": (*CALL, ("headers_state", "forget_headers"))}),
        ("Bounds", {"fields": BOUNDS}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete")

    @display(description="Headers set")
    def headers_state(self, tool: Tool) -> str:
        return "yes" if tool.sealed_headers else "no"


class ToolsOfAssistant(ModelAdmin):
    """The part of an assistant's page that tells whether its tools have changed since."""

    @display(description="Tools since then")
    def tool_changes(self, assistant: Assistant) -> str:
        changes = changes_of_tools(assistant)
        if not changes:
            return "as they were"
        return ", ".join(f"{name} was {what}" for name, what in changes.items())

    @action(description="Update tools", icon="build")
    def update_tools(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(assistant: Assistant) -> None:
            assert assistant.staging is not None
            kept = [tool["id"] for tool in assistant.staging.tools]
            with tenant_scope(assistant.tenant_id):
                create_version(assistant, tools=Tool.objects.filter(pk__in=kept))
                self.note(request, assistant, "tools_updated")

        return self.perform(
            request,
            object_id,
            act,
            title="Update the tools",
            question="A new version is staged, with its tools as they are now.",
            button="Update",
            done="The new version is staged. Publish it to answer with it.",
        )


def changes_of_tools(assistant: Assistant) -> dict[str, str]:
    """What became of the staged version's tools since it was made, by their names."""
    kept = assistant.staging.tools if assistant.staging else []
    rows = Tool.objects.filter(tenant=assistant.tenant_id, pk__in=[tool["id"] for tool in kept])
    current = {str(row.pk): row for row in rows}
    found = {tool["name"]: _change(tool, current.get(tool["id"])) for tool in kept}
    return {name: what for name, what in found.items() if what}


def _change(kept: dict[str, Any], row: Tool | None) -> str:
    if row is None:
        return "deleted"
    if ToolSnapshot.of(row).as_json() != kept:
        return "changed"
    return "" if row.is_enabled else "switched off"
