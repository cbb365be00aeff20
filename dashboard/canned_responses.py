"""The tenant's ready-made answers."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import canned_responses, engine
from conversations.models import CannedResponse
from conversations.repeats import MESSAGE_LIMIT
from dashboard import shapes
from dashboard.callers import ManagedView, TeamView, acting_member
from dashboard.listing import oldest_first
from dashboard.teams import named_team
from tenants import paging
from tenants.callers import at_work, audited_name
from widgets.inputs import Text, checked

SHORTCUT = re.compile(r"[\w.-]{1,40}")


class Fields(serializers.Serializer):
    shortcut = Text(max_length=40, help_text="Letters, digits, dots, dashes; in small letters.")
    text = Text(max_length=MESSAGE_LIMIT)
    teamId = Text(required=False, allow_null=True, help_text="Null for everybody's.")

    def validate_shortcut(self, value: str) -> str:
        if not SHORTCUT.fullmatch(value):
            raise serializers.ValidationError("Letters, digits, dots and dashes.")
        return value.lower()


class CannedResponsesView(ManagedView):
    class Input(Fields):
        pass

    @extend_schema(
        operation_id="listCannedResponses",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.CannedResponse),
    )
    def get(self, request: Request) -> Response:
        """The canned responses, the oldest first."""
        return oldest_first(request, CannedResponse.objects.all, canned_responses.response_data)

    @extend_schema(
        operation_id="createCannedResponse", request=Input, responses={201: shapes.CannedResponse}
    )
    def post(self, request: Request) -> Response:
        """Make one; 409 when another one has the shortcut."""
        with at_work(request):
            fields = _fields(checked(self.Input, request.data))
            made = canned_responses.create_response(actor=audited_name(request), **fields)
            return Response(canned_responses.response_data(made), status=201)


class CannedResponseView(ManagedView):
    class Input(Fields):
        shortcut = Text(max_length=40, required=False)
        text = Text(max_length=MESSAGE_LIMIT, required=False)

    @extend_schema(
        operation_id="changeCannedResponse", request=Input, responses=shapes.CannedResponse
    )
    def patch(self, request: Request, response_id: str) -> Response:
        """Change what the body names."""
        with at_work(request):
            response = canned_responses.response_by_id(response_id)
            fields = _fields(checked(self.Input, request.data))
            canned_responses.change_response(response, actor=audited_name(request), **fields)
            return Response(canned_responses.response_data(response))

    @extend_schema(operation_id="deleteCannedResponse", responses={204: None})
    def delete(self, request: Request, response_id: str) -> Response:
        with at_work(request):
            response = canned_responses.response_by_id(response_id)
            canned_responses.delete_response(response, actor=audited_name(request))
            return Response(status=204)


class RenderView(TeamView):
    class Input(serializers.Serializer):
        conversationId = Text(help_text="Where it is to be sent.")
        memberId = Text(required=False, help_text="Who sends it; with an API key only.")

    @extend_schema(operation_id="renderCannedResponse", request=Input, responses=shapes.Rendered)
    def post(self, request: Request, response_id: str) -> Response:
        """The text with what is known of the contact, of you and of the conversation."""
        with at_work(request):
            response = canned_responses.response_by_id(response_id)
            given = checked(self.Input, request.data)
            conversation = engine.team_conversation(given["conversationId"])
            member = acting_member(request, given)
            text = canned_responses.rendered(response, conversation, member)
            return Response({"text": text})


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    if "teamId" in given:
        team_id = given.pop("teamId")
        given["team"] = named_team(team_id) if team_id is not None else None
    return given
