"""What a tenant has: its assistants."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistants.models import Assistant
from dashboard import shapes
from dashboard.callers import TeamView
from dashboard.listing import oldest_first
from tenants import paging


class AssistantsView(TeamView):
    @extend_schema(
        operation_id="listAssistants",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Assistant),
    )
    def get(self, request: Request) -> Response:
        """The assistants, the oldest first."""
        return oldest_first(request, Assistant.objects.all, assistant_data)


def assistant_data(assistant: Assistant) -> dict[str, Any]:
    return {
        "id": str(assistant.id),
        "name": assistant.name,
        "isDefault": assistant.is_default,
        "published": assistant.production_id is not None,
    }
