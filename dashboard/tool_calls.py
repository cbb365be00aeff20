"""The calls of tools in a conversation: what assistants did, and what waits for a member."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import engine, queries, tool_answers
from conversations.announcements import tool_call_data
from conversations.models import ToolCall
from dashboard import shapes
from dashboard.callers import IsMember, TeamView, acting_member
from tenants import paging
from tenants.callers import at_work
from tenants.models import Membership
from widgets.inputs import checked


class ToolCallsView(TeamView):
    @extend_schema(
        operation_id="listToolCalls",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.ToolCall),
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """What the assistant called in a conversation, latest first."""
        given = checked(paging.PageQuery, request.query_params.dict())
        with at_work(request):
            page = queries.tool_calls(
                conversation_id, cursor=given.get("cursor"), size=given["limit"]
            )
        return Response(page.data())


class DecisionView(TeamView):
    """Decides about a call that waits for approval."""

    def get_permissions(self) -> list[Any]:
        return [IsMember()]

    def decide(
        self,
        request: Request,
        conversation_id: str,
        call_id: str,
        verb: Callable[[ToolCall, Membership], None],
    ) -> Response:
        with at_work(request):
            conversation = engine.team_conversation(conversation_id)
            call = tool_answers.team_call(conversation, call_id)
            verb(call, acting_member(request, {}))
            return Response(tool_call_data(call))


class ApproveView(DecisionView):
    @extend_schema(operation_id="approveToolCall", request=None, responses=shapes.ToolCall)
    def post(self, request: Request, conversation_id: str, call_id: str) -> Response:
        """Let the call be made; 409 when it is decided already, or too late."""
        return self.decide(request, conversation_id, call_id, tool_answers.approve)


class RejectView(DecisionView):
    @extend_schema(operation_id="rejectToolCall", request=None, responses=shapes.ToolCall)
    def post(self, request: Request, conversation_id: str, call_id: str) -> Response:
        """Have the call not be made; 409 when it is decided already, or too late."""
        return self.decide(request, conversation_id, call_id, tool_answers.reject)
