"""What a tenant has: its assistants."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistants.models import Assistant
from conversations.pages import by_id
from dashboard import shapes
from dashboard.callers import TeamView
from tenants import paging
from tenants.callers import at_work
from widgets.inputs import checked


class AssistantsView(TeamView):
    @extend_schema(
        operation_id="listAssistants",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Assistant),
    )
    def get(self, request: Request) -> Response:
        """The assistants, the oldest first."""
        given = checked(paging.PageQuery, request.query_params.dict())
        with at_work(request):
            page = by_id(
                Assistant.objects.all(),
                cursor=given.get("cursor"),
                size=given["limit"],
                render=assistant_data,
            )
        return Response(page.data())


def assistant_data(assistant: Assistant) -> dict[str, Any]:
    return {
        "id": str(assistant.id),
        "name": assistant.name,
        "isDefault": assistant.is_default,
        "published": assistant.production_id is not None,
    }
