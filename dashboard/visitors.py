"""Who is on the pages at this moment, and speaking to them first."""

from urllib.parse import urlsplit

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import live_visitors, queries
from conversations.live_visitors import LiveVisitor
from conversations.outreach import Addressee, write_to
from dashboard import shapes
from dashboard.callers import TeamView, acting_member, lock_sender
from tenants.callers import at_work, grant_of
from tenants.errors import Conflict, NotFound
from widgets.bubbles import answering
from widgets.chat import message_key
from widgets.inputs import KEY_LENGTH, Text, checked
from widgets.models import Bubble


class VisitorsView(TeamView):
    @extend_schema(operation_id="listLiveVisitors", responses=shapes.LiveVisitors)
    def get(self, request: Request) -> Response:
        """Who is on pages that report their visitors, the latest first, at most 500."""
        found = live_visitors.everybody(grant_of(request).tenant_id)
        with at_work(request):
            return Response({"results": live_visitors.board_data(found)})


class VisitorMessagesView(TeamView):
    class Input(serializers.Serializer):
        text = Text()
        messageId = Text(
            default=None,
            allow_null=True,
            max_length=KEY_LENGTH,
            help_text="Makes a repeat harmless; as the header Idempotency-Key.",
        )
        memberId = Text(required=False, help_text="Who writes; with an API key only.")

    @extend_schema(
        operation_id="writeToVisitor",
        request=Input,
        responses={201: shapes.Message},
        parameters=[OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER)],
    )
    def post(self, request: Request, visitor_id: str) -> Response:
        """Write to a visitor, and begin a conversation if they have none that is open.

        Their page opens it within half a minute.
        """
        found = live_visitors.visitor(grant_of(request).tenant_id, visitor_id)
        with at_work(request):
            bubble = _bubble_of(found)
            given = checked(self.Input, request.data)
            member = acting_member(request, given)
            key = message_key(request.headers.get("Idempotency-Key")) or given["messageId"]
            if key:
                lock_sender(member)
            message = write_to(
                _addressee(found, bubble),
                member,
                text=given["text"],
                assistant=answering(bubble),
                team=bubble.team,
                client_id=key,
            )
            return Response(queries.message(message.id), status=201)


def _bubble_of(visitor: LiveVisitor) -> Bubble:
    bubbles = Bubble.objects.select_related("assistant", "team")
    bubble: Bubble | None = bubbles.filter(pk=visitor.page.bubble_id).first()
    if bubble is None:
        raise NotFound("Visitor not found.", code="visitor_not_found")
    return bubble


def _addressee(visitor: LiveVisitor, bubble: Bubble) -> Addressee:
    if bubble.identity_required and visitor.page.session_id is None:
        raise Conflict("Only people who are logged in may chat here.", code="identity_required")
    parts = urlsplit(visitor.page.url)
    origin = f"{parts.scheme}://{parts.netloc}" if visitor.page.url else ""
    return Addressee(bubble.id, visitor.id, visitor.page.session_id, origin)
