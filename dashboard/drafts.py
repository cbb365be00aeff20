"""What a member has written and not sent."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import drafts, queries
from conversations.engine import team_conversation
from dashboard import shapes
from dashboard.callers import OwnView, acting_member
from dashboard.listing import oldest_first
from tenants import paging
from tenants.callers import at_work
from widgets.inputs import Flag, Text, checked


class DraftsView(OwnView):
    @extend_schema(
        operation_id="listDrafts",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Draft),
    )
    def get(self, request: Request) -> Response:
        """Your drafts, the oldest first."""
        return oldest_first(
            request, lambda: drafts.of_member(acting_member(request, {})), drafts.draft_data
        )


class DraftView(OwnView):
    class Input(serializers.Serializer):
        text = Text(allow_blank=True, max_length=drafts.LONGEST_DRAFT)
        private = Flag(default=False, help_text="Of a note.")

    @extend_schema(operation_id="getDraft", responses=shapes.Draft)
    def get(self, request: Request, conversation_id: str) -> Response:
        """Your draft in a conversation; its text is empty if there is none."""
        with at_work(request):
            known = queries.known_conversation(conversation_id)
            return Response(drafts.draft_of(known, acting_member(request, {})))

    @extend_schema(operation_id="keepDraft", request=Input, responses=shapes.Draft)
    def put(self, request: Request, conversation_id: str) -> Response:
        """Keep it until you send it, on all your machines; nobody is told."""
        with at_work(request):
            conversation = team_conversation(conversation_id)
            given = checked(self.Input, request.data)
            return Response(drafts.keep(conversation, acting_member(request, {}), **given))

    @extend_schema(operation_id="dropDraft", responses={204: None})
    def delete(self, request: Request, conversation_id: str) -> Response:
        with at_work(request):
            conversation = team_conversation(conversation_id)
            drafts.drop(conversation, acting_member(request, {}))
            return Response(status=204)
