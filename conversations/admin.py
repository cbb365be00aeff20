"""The admin's pages for conversations and for the teams that answer them.

Operators see that conversations are there, and their tenant the words.
"""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from conversations import availability, teams
from conversations.models import Conversation, Message, Team
from conversations.team_form import TeamForm, name_of
from tenants.errors import NotFound
from tenants.models import Membership
from tenants.operators import EVERYTHING, OperatorsAdmin, actor, change_url, links
from tenants.scope import tenant_scope
from tenants.workplace import is_operator

SHOWN = 200
LINE = '<div class="said-{}{}"><span class="said-who">{}, {}</span>{}</div>'


@admin.register(Conversation)
class ConversationAdmin(OperatorsAdmin):
    owners_may = frozenset({"view"})
    list_display = ("id", "tenant", "channel", "status", "owner", "message_seq", "updated_at")
    list_filter = ("status", "owner")
    list_select_related = ("tenant",)
    search_fields = ("=id", "tenant__name")
    ordering = ("-updated_at",)
    readonly_fields = ("messages",)
    fields = (
        "tenant",
        ("channel", "assistant"),
        ("status", "owner"),
        ("message_seq", "unread"),
        "handover_reason",
        ("created_at", "updated_at"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        said = ("What was said", {"fields": ("messages",)})
        return sets if is_operator(request) else [said, *sets]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Messages")
    def messages(self, conversation: Conversation) -> str:
        """The latest messages, in their order; to answer them is the inbox's business."""
        rows = Message.objects.filter(conversation_id=conversation.pk).order_by("-seq")[:SHOWN]
        lines = format_html_join("", LINE, (_line(row) for row in reversed(rows)))
        return format_html('<div class="said">{}</div>', lines) if lines else "–"


@admin.register(Team)
class TeamAdmin(OperatorsAdmin):
    """A new one has a name, and its members on the page that follows."""

    form = TeamForm
    owners_may = EVERYTHING
    list_display = ("name", "tenant", "strategy", "size")
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name")
    ordering = ("name",)
    autocomplete_fields = ("tenant",)
    fixed_fields = ("tenant",)
    readonly_fields = ("there",)
    add_fieldsets = ((None, {"fields": ("tenant", "name")}),)
    fieldsets = (
        (None, {"fields": (("name", "tenant"), "strategy", "members")}),
        ("Right now", {"fields": ("there",)}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(size=Count("places"))

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        if obj is None:
            options["form"] = forms.ModelForm
        return super().get_form(request, obj, **options)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete")

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        with tenant_scope(obj.tenant_id):
            if change:
                members = form.cleaned_data["members"]
                teams.change_team(obj, actor=actor(request), members=members)
                return
            made = teams.create_team(name=obj.name, strategy=obj.strategy, actor=actor(request))
            # The page goes on with the object of its form.
            vars(obj).update(vars(made))

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        # Somebody else may have been faster.
        with suppress(NotFound), tenant_scope(obj.tenant_id):
            teams.delete_team(teams.team_by_id(obj.pk), actor=actor(request))

    @display(description="Members", ordering="size")
    def size(self, team: Any) -> int:
        number: int = team.size
        return number

    @display(description="Who is there")
    def there(self, team: Team) -> str:
        """Members choose that for themselves, in their dashboards."""
        with tenant_scope(team.tenant_id):
            ids = teams.members_of([team])[team.id]
            known = availability.of_members(ids)
        people = Membership.objects.select_related("user").in_bulk(ids)
        rows = (
            (change_url(people[each]), name_of(people[each]), _load(known[each])) for each in ids
        )
        return links(rows)


def _load(known: dict[str, Any]) -> str:
    presence = "there" if known["online"] else "not there"
    return f"{presence}, answers {known['assigned']} of at most {known['capacity']}"


def _line(message: Message) -> tuple[str, str, str, str, str]:
    return (
        message.author_kind,
        " said-private" if message.private else "",
        message.author_name or message.get_author_kind_display(),
        f"{message.created_at:%Y-%m-%d %H:%M} UTC",
        message.text or "(no text)",
    )
