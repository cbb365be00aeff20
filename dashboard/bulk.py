"""The same for many conversations at once."""

from collections.abc import Callable
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import engine, marks
from conversations.models import Conversation
from dashboard import shapes
from dashboard.callers import TeamView
from dashboard.conversations import AssignInput, CloseInput, StatusInput, assign, close
from dashboard.marks import LabelsInput, PriorityInput, change_labels, mark_read, set_priority
from tenants.callers import at_work
from tenants.errors import LiveChatError
from widgets.inputs import Metadata, Text, checked

CONVERSATIONS_LIMIT = 100
Act = Callable[[Request, Conversation, dict[str, Any]], object]


class Nothing(serializers.Serializer):
    pass


def _set_status(request: Request, conversation: Conversation, given: dict[str, Any]) -> None:
    engine.set_status(conversation, given["status"], until=given["until"])


# By what is to be done: what goes with it, and how.
ACTS: dict[str, tuple[type[serializers.Serializer], Act]] = {
    "close": (CloseInput, close),
    "status": (StatusInput, _set_status),
    "assign": (AssignInput, assign),
    "labels": (LabelsInput, lambda _, conversation, given: change_labels(conversation, given)),
    "priority": (PriorityInput, lambda _, conversation, given: set_priority(conversation, given)),
    "read": (Nothing, lambda request, conversation, _: mark_read(request, conversation)),
    "unread": (Nothing, lambda _, conversation, given: marks.mark_unread(conversation)),
}


class BulkView(TeamView):
    class Input(serializers.Serializer):
        ids = serializers.ListField(
            child=Text(max_length=100), min_length=1, max_length=CONVERSATIONS_LIMIT
        )
        do = serializers.ChoiceField(list(ACTS))

        def get_fields(self) -> dict[str, Any]:
            # A word of Python's own.
            details = Metadata(default=dict, help_text="The body that one of them would take.")
            return {**super().get_fields(), "with": details}

    @extend_schema(operation_id="changeConversations", request=Input, responses=shapes.BulkResults)
    def post(self, request: Request) -> Response:
        """Do the same to up to 100 conversations, to each by itself."""
        given = checked(self.Input, request.data)
        kind, act = ACTS[given["do"]]
        details = checked(kind, given["with"])
        attempt = partial(self._attempt, request, act, details)
        return Response({"results": [attempt(each) for each in dict.fromkeys(given["ids"])]})

    def _attempt(
        self, request: Request, act: Act, details: dict[str, Any], conversation_id: str
    ) -> dict[str, Any]:
        try:
            with at_work(request):
                act(request, engine.team_conversation(conversation_id), details)
        except LiveChatError as error:
            return {"id": conversation_id, "ok": False, "code": error.code}
        return {"id": conversation_id, "ok": True}
