"""What operators may see of conversations: that they are there, never what was said."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from conversations.models import Conversation
from tenants.operators import OperatorsAdmin


@admin.register(Conversation)
class ConversationAdmin(OperatorsAdmin):
    list_display = ("id", "tenant", "channel", "status", "owner", "message_seq", "updated_at")
    list_filter = ("status", "owner")
    list_select_related = ("tenant",)
    search_fields = ("=id", "tenant__name")
    ordering = ("-updated_at",)
    fields = (
        "tenant",
        ("channel", "assistant"),
        ("status", "owner"),
        ("message_seq", "unread"),
        "handover_reason",
        ("created_at", "updated_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
