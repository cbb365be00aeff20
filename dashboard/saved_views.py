"""Lists of conversations that members keep."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import saved_views
from conversations.inbox import SORTS
from conversations.models import View
from dashboard import shapes
from dashboard.callers import OwnView, acting_member
from dashboard.inbox import Chosen, filters_of
from dashboard.listing import oldest_first
from tenants import paging
from tenants.callers import at_work
from widgets.inputs import Flag, checked


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class ChosenTexts(serializers.Field):
    """What is asked for, as it would stand in a query."""

    default_error_messages = {
        "invalid": "Must be an object of texts.",
        "unknown": "There is no filter {name}.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(each, str) for each in data.values()):
            self.fail("invalid")
        for name in data:
            if name not in Chosen().fields:
                self.fail("unknown", name=name[:60])
        checked(Chosen, data)
        return data

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        return value


class Fields(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    filters = ChosenTexts(
        default=dict, help_text="As the query of the list; `me` is whoever looks at it."
    )
    sort = serializers.ChoiceField(list(SORTS), default="updated")
    shared = Flag(default=False, help_text="Whether the whole team has it.")


class ViewsView(OwnView):
    class Input(Fields):
        pass

    @extend_schema(
        operation_id="listViews", parameters=[paging.PageQuery], responses=paging.page(shapes.View)
    )
    def get(self, request: Request) -> Response:
        """Your views and those that are shared, the oldest first."""
        return oldest_first(
            request,
            lambda: View.objects.filter(saved_views.visible(acting_member(request, {}))),
            saved_views.view_data,
        )

    @extend_schema(operation_id="createView", request=Input, responses={201: shapes.View})
    def post(self, request: Request) -> Response:
        """Keep a view; owners and admins may share it."""
        with at_work(request):
            given = _checked(request, self.Input)
            made = saved_views.create_view(acting_member(request, {}), **given)
            return Response(saved_views.view_data(made), status=201)


class SavedViewView(OwnView):
    class Input(serializers.Serializer):
        name = serializers.CharField(max_length=60, required=False)
        filters = ChosenTexts(required=False)
        sort = serializers.ChoiceField(list(SORTS), required=False)
        shared = Flag(required=False)

    @extend_schema(operation_id="changeView", request=Input, responses=shapes.View)
    def patch(self, request: Request, view_id: str) -> Response:
        """Change what the body names."""
        with at_work(request):
            member = acting_member(request, {})
            view = saved_views.view_by_id(view_id, member)
            saved_views.change_view(view, member, **_checked(request, self.Input))
            return Response(saved_views.view_data(view))

    @extend_schema(operation_id="deleteView", responses={204: None})
    def delete(self, request: Request, view_id: str) -> Response:
        with at_work(request):
            member = acting_member(request, {})
            saved_views.delete_view(saved_views.view_by_id(view_id, member), member)
            return Response(status=204)


def _checked(request: Request, kind: type[serializers.Serializer]) -> dict[str, Any]:
    """Such that the list can be asked for what a view keeps."""
    given = checked(kind, request.data)
    filters_of(request, checked(Chosen, given.get("filters", {})))
    return given
