"""Marking a conversation: how urgent it is, its labels, what was read of it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import marks, mentioning
from conversations.models import Conversation, Priority
from dashboard import shapes
from dashboard.callers import member_id_of
from dashboard.conversations import ActionView
from widgets.inputs import Text

LABEL_LENGTH = 60


class PriorityInput(serializers.Serializer):
    priority = serializers.ChoiceField(Priority.words())


class LabelsInput(serializers.Serializer):
    add = serializers.ListField(
        child=Text(max_length=LABEL_LENGTH),
        max_length=marks.LABELS_LIMIT,
        default=list,
        help_text="Names of the tenant's labels.",
    )
    remove = serializers.ListField(
        child=Text(max_length=LABEL_LENGTH), max_length=100, default=list
    )


class PriorityView(ActionView):
    class Input(PriorityInput):
        pass

    @extend_schema(
        operation_id="setConversationPriority", request=Input, responses=shapes.Conversation
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Say how urgent it is."""
        return self.act(request, conversation_id, set_priority)


class ConversationLabelsView(ActionView):
    class Input(LabelsInput):
        pass

    @extend_schema(
        operation_id="changeConversationLabels", request=Input, responses=shapes.Conversation
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Put labels on and take labels off."""
        return self.act(request, conversation_id, change_labels)


class MarkReadView(ActionView):
    @extend_schema(operation_id="markConversationRead", request=None, responses=shapes.Conversation)
    def post(self, request: Request, conversation_id: str) -> Response:
        """The team has read everything, and you the notes that are for you."""
        return self.act(
            request, conversation_id, lambda conversation, _: mark_read(request, conversation)
        )


class MarkUnreadView(ActionView):
    @extend_schema(
        operation_id="markConversationUnread", request=None, responses=shapes.Conversation
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Have the visitor's newest message be unread again."""
        return self.act(
            request, conversation_id, lambda conversation, _: marks.mark_unread(conversation)
        )


def set_priority(conversation: Conversation, given: dict[str, Any]) -> None:
    marks.set_priority(conversation, Priority.by_word(given["priority"]))


def change_labels(conversation: Conversation, given: dict[str, Any]) -> None:
    marks.change_labels(conversation, add=given["add"], remove=given["remove"])


def mark_read(request: Request, conversation: Conversation) -> None:
    marks.mark_read(conversation)
    member_id = member_id_of(request)
    if member_id is not None:
        mentioning.see(conversation, member_id)
