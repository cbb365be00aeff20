"""The admin's pages for conversations and for the teams that answer them.

Operators see that conversations are there, and their tenant the words.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from conversations import availability, teams
from conversations.models import Conversation, Message, Owner, Team
from conversations.team_form import TeamForm, name_of
from tenants.errors import Conflict, NotFound
from tenants.models import Membership
from tenants.operators import EVERYTHING, OperatorsAdmin, actor, change_url, links
from tenants.scope import tenant_scope
from tenants.workplace import is_operator

SHOWN = 200
PREVIEW = 80
LINE = '<div class="said-{}{}"><span class="said-who">{}, {}</span>{}{}</div>'
FILE = '<span class="said-file">{} ({})</span>'
# Who has it, in words that need no manual.
STATES = {
    Owner.BOT: "with the assistant",
    Owner.WAITING: "waits for a person",
    Owner.HUMAN: "with a person",
    Owner.CLOSED: "ended",
}
COLORS = {
    "with the assistant": "info",
    "waits for a person": "warning",
    "with a person": "success",
    "ended": "",
}


@admin.register(Conversation)
class ConversationAdmin(OperatorsAdmin):
    owners_may = frozenset({"view"})
    list_display = ("key", "tenant", "channel", "status", "owner", "message_seq", "updated_at")
    list_filter = ("status", "owner")
    list_select_related = ("tenant", "contact", "assignee__user")
    search_fields = ("=id", "tenant__name")
    ordering = ("-updated_at",)
    readonly_fields = ("messages", "person", "state", "rated", "begun", "last_change")
    fields = (
        "tenant",
        ("channel", "assistant"),
        ("status", "owner"),
        ("message_seq", "unread"),
        "handover_reason",
        ("created_at", "updated_at"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of words and people operators see nothing."""
        if is_operator(request):
            return super().get_fieldsets(request, obj)
        facts = ("person", ("state", "rated"), ("channel", "assistant"), ("begun", "last_change"))
        about = ("About it", {"fields": (*facts, "handover_reason")})
        return [("What was said", {"fields": ("messages",)}), about]

    def get_list_display(self, request: HttpRequest) -> Any:
        if is_operator(request):
            return super().get_list_display(request)
        return ("who", "said_last", "state", "channel", "last_change")

    def get_search_fields(self, request: HttpRequest) -> Any:
        if is_operator(request):
            return super().get_search_fields(request)
        return ("=id", "contact__name", "contact__email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="ID", ordering="id")
    def key(self, conversation: Conversation) -> str:
        return str(conversation.pk)

    @display(description="Messages")
    def messages(self, conversation: Conversation) -> str:
        """The latest messages, in their order; to answer them is the inbox's business."""
        rows = Message.objects.filter(conversation_id=conversation.pk).order_by("-seq")
        rows = rows.prefetch_related("attachments")[:SHOWN]
        lines = format_html_join("", LINE, (_line(row) for row in reversed(rows)))
        return format_html('<div class="said">{}</div>', lines) if lines else "–"

    @display(description="Visitor", ordering="contact__name")
    def who(self, conversation: Conversation) -> str:
        contact = conversation.contact
        return contact.name or contact.email or "Visitor without a name"

    @display(description="Last message")
    def said_last(self, conversation: Conversation) -> str:
        text = " ".join(str((conversation.last_message or {}).get("text") or "–").split())
        return text if len(text) <= PREVIEW else f"{text[:PREVIEW]}…"

    @display(description="State", ordering="owner", label=COLORS)
    def state(self, conversation: Conversation) -> str:
        return STATES[Owner(conversation.owner)]

    @display(description="Visitor")
    def person(self, conversation: Conversation) -> str:
        contact = conversation.contact
        known = (self.who(conversation), contact.email, contact.phone)
        return ", ".join(dict.fromkeys(filter(None, known)))

    @display(description="Rating")
    def rated(self, conversation: Conversation) -> str:
        if conversation.rating_score is None:
            return "None"
        said = f": “{conversation.rating_comment}”" if conversation.rating_comment else ""
        return f"{conversation.rating_score} of 5{said}"

    @display(description="Begun", ordering="created_at")
    def begun(self, conversation: Conversation) -> str:
        return f"{conversation.created_at:%Y-%m-%d %H:%M} UTC"

    @display(description="Last change", ordering="updated_at")
    def last_change(self, conversation: Conversation) -> str:
        return f"{conversation.updated_at:%Y-%m-%d %H:%M} UTC"


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

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _or_say_why(request, partial(super().delete_view, request, object_id, extra_context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Several are deleted there, each for itself."""
        return _or_say_why(request, partial(super().changelist_view, request, extra_context))

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


def _or_say_why(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return view()
    except Conflict as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(request.get_full_path())


def _load(known: dict[str, Any]) -> str:
    presence = "there" if known["online"] else "not there"
    return f"{presence}, answers {known['assigned']} of at most {known['capacity']}"


def _line(message: Message) -> tuple[str, ...]:
    files = [(file.name, filesizeformat(file.size)) for file in message.attachments.all()]
    return (
        message.author_kind,
        " said-private" if message.private else "",
        message.author_name or message.get_author_kind_display(),
        f"{message.created_at:%Y-%m-%d %H:%M} UTC",
        message.text or ("" if files else "(no text)"),
        format_html_join("", FILE, files),
    )
