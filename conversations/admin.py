"""The admin's page for conversations: operators see that they are there, their tenant the words."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from conversations.models import Conversation, Message
from tenants.operators import OperatorsAdmin
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


def _line(message: Message) -> tuple[str, str, str, str, str]:
    return (
        message.author_kind,
        " said-private" if message.private else "",
        message.author_name or message.get_author_kind_display(),
        f"{message.created_at:%Y-%m-%d %H:%M} UTC",
        message.text or "(no text)",
    )
