"""Assistants and their versions."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from assistants.admin.assistant_form import (
    VERSION_FIELDS,
    VERSION_FIELDSETS,
    AssistantForm,
)
from assistants.admin.tools import ToolsOfAssistant, changes_of_tools
from assistants.models import Assistant
from assistants.versions import create_version, publish, roll_back
from tenants import credentials
from tenants.errors import Conflict
from tenants.models import Credential
from tenants.operators import DefaultAdmin, actor, credentials_of, links
from tenants.scope import tenant_scope

PAGES = ("changelist", "add")
VERSION_SETS = tuple((title, {"fields": names}) for title, names in VERSION_FIELDSETS)
# A new assistant needs the first of these alone.
NEW_SETS = (
    VERSION_SETS[0],
    *((title, {**options, "classes": ["collapse"]}) for title, options in VERSION_SETS[1:]),
)


@admin.register(Assistant)
class AssistantAdmin(ToolsOfAssistant, DefaultAdmin):
    """Saving stages a new version; publishing is a step of its own."""

    title_of_step = "Make the assistant"
    form = AssistantForm
    list_display = ("name", "tenant", "is_default", "published", "staged")
    list_select_related = ("tenant", "production", "staging")
    search_fields = ("name", "tenant__name")
    fixed_fields = ("tenant",)
    readonly_fields = ("published", "staged", "tool_changes", "knowledge", "tokens")
    actions_detail = ("publish", "roll_back", "update_tools", "make_default", "issue_token")
    add_fieldsets = (
        (None, {"fields": ("tenant", "name")}),
        *NEW_SETS,
    )
    fieldsets = (
        (None, {"fields": ("tenant", "name", ("published", "staged"), "knowledge", "tokens")}),
        *VERSION_SETS,
        ("Tools since the staged version", {"fields": ("tool_changes",)}),
    )

    def offers(self, obj: Assistant, action: str) -> bool:
        if action == "publish":
            return obj.staging_id != obj.production_id
        if action == "roll_back":
            return obj.production is not None and obj.production.number > 1
        if action == "update_tools":
            return not {"changed", "deleted"}.isdisjoint(changes_of_tools(obj).values())
        return super().offers(obj, action)

    def save_model(self, request: HttpRequest, obj: Assistant, form: Any, change: bool) -> None:
        with tenant_scope(obj.tenant_id):
            super().save_model(request, obj, form, change)
            if not change:
                publish(create_version(obj, **form.version_settings()), actor=actor(request))
            elif set(form.changed_data) & set(VERSION_FIELDS):
                version = create_version(obj, **form.version_settings())
                text = f"Version {version.number} is staged. Publish it to answer with it."
                messages.info(request, text)

    @action(description="Publish", icon="publish")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(assistant: Assistant) -> None:
            with tenant_scope(assistant.tenant_id):
                if assistant.staging is None:
                    raise Conflict("There is nothing to publish.")
                publish(assistant.staging, actor=actor(request))

        return self.perform(
            request,
            object_id,
            act,
            title="Publish the staged version",
            question="Conversations are answered with the staged version from now on.",
            button="Publish",
            done="The staged version is published.",
        )

    @action(description="Roll back", icon="undo")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(assistant: Assistant) -> None:
            with tenant_scope(assistant.tenant_id):
                roll_back(assistant, actor=actor(request))

        return self.perform(
            request,
            object_id,
            act,
            title="Roll back",
            question="Conversations are answered with the version before the published one.",
            button="Roll back",
            done="The earlier version is published again.",
        )

    @action(description="New API token", icon="key")
    def issue_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(assistant: Assistant) -> HttpResponse:
            issued = credentials.issue(
                assistant.tenant,
                Credential.Kind.API_TOKEN,
                name=assistant.name,
                subject_id=assistant.pk,
                actor=actor(request),
            )
            return self.show_issued(request, issued)

        return self.perform(
            request,
            object_id,
            act,
            title="New API token",
            question="A server with this token may use this assistant on the tenant's behalf.",
            button="Make a token",
        )

    @display(description="Published")
    def published(self, assistant: Assistant) -> str:
        return f"version {assistant.production.number}" if assistant.production else "–"

    @display(description="Staged")
    def staged(self, assistant: Assistant) -> str:
        return f"version {assistant.staging.number}" if assistant.staging else "–"

    @display(description="Knowledge")
    def knowledge(self, assistant: Assistant) -> str:
        count = assistant.sources.filter(site=None).count()
        sources, add = (reverse(f"admin:assistants_knowledgesource_{name}") for name in PAGES)
        more = format_html('<a href="{}?assistant={}">add</a>', add, assistant.pk)
        name = f"{count} source{'' if count == 1 else 's'}"
        return links([(f"{sources}?assistant__id__exact={assistant.pk}", name, more)])

    @display(description="API tokens")
    def tokens(self, assistant: Assistant) -> str:
        return credentials_of(assistant)
