"""Understanding a message as an assistant would."""

from asgiref.sync import async_to_sync
from django.db import close_old_connections
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistants import analyses
from assistants.models import Assistant
from dashboard import shapes
from dashboard.callers import TeamView
from tenants import limits
from tenants.callers import at_work, grant_of
from tenants.errors import NotFound
from tenants.ids import parse_uuid
from widgets.inputs import Flag, Text, checked, language


class AnalyzeView(TeamView):
    class Input(serializers.Serializer):
        message = Text(max_length=analyses.TEXT_LIMIT)
        language = language()
        staging = Flag(
            default=False, help_text="With the staged version instead of the published one."
        )

    @extend_schema(operation_id="analyzeMessage", request=Input, responses=shapes.Analysis)
    def post(self, request: Request, assistant_id: str) -> Response:
        """Tell a message's language, intents, entities and sentiment; 503 if that takes long."""
        with at_work(request) as tenant_id:
            assistant = Assistant.objects.filter(pk=parse_uuid(assistant_id)).first()
            if assistant is None:
                raise NotFound("Assistant not found.", code="assistant_not_found")
            given = checked(self.Input, request.data)
            limits.hit(limits.ANALYSES, tenant_id, exempt=grant_of(request).tenant_is_demo)
            wanted = analyses.want(
                assistant,
                given["message"],
                language=given["language"] or "",
                staging=given["staging"],
            )
        # Others need the connection while this request waits.
        close_old_connections()
        return Response(async_to_sync(analyses.wait_for)(tenant_id, wanted))
