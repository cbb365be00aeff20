"""Looking for what was said, and for whom."""

from typing import Any

from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import search
from dashboard import shapes
from dashboard.callers import TeamView
from tenants import paging
from tenants.callers import at_work
from widgets.inputs import checked

MESSAGES, CONTACTS = "messages", "contacts"
PLACES = {MESSAGES: search.messages, CONTACTS: search.contacts}


def question(**options: Any) -> serializers.CharField:
    return serializers.CharField(
        max_length=search.QUESTION_LIMIT,
        help_text=(
            'Words, as in a web search: `"…"` keeps them together, `or` and `-` mean what they '
            "say, and of the last one the beginning is enough."
        ),
        **options,
    )


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Hit",
        serializers=[shapes.MessageHit, shapes.ContactHit],
        resource_type_field_name=None,
        many=True,
    )
)
class Hits(serializers.ListField):
    """Messages or contacts, for the description."""


class SearchView(TeamView):
    class Query(paging.PageQuery):
        q = question()

        def get_fields(self) -> dict[str, serializers.Field]:
            # No name of an attribute in Python.
            place = serializers.ChoiceField(list(PLACES), default=MESSAGES)
            return {**super().get_fields(), "in": place}

    @extend_schema(
        operation_id="search",
        parameters=[Query],
        responses=inline_serializer(
            "SearchPage",
            {
                "results": Hits(),
                "nextCursor": serializers.CharField(allow_null=True),
                "hasMore": serializers.BooleanField(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Messages and notes, or contacts, in which the words are, the newest first.

        503 when that takes longer than three seconds.
        """
        given = checked(self.Query, request.query_params.dict())
        find = PLACES[given["in"]]
        with at_work(request):
            page = find(given["q"], cursor=given.get("cursor"), size=given["limit"])
        return Response(page.data())
