"""The tenant's labels."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import labels
from conversations.announcements import label_data
from conversations.models import Label
from dashboard import shapes
from dashboard.callers import ManagedView
from dashboard.listing import oldest_first
from dashboard.marks import LABEL_LENGTH
from tenants import paging
from tenants.callers import at_work, audited_name, grant_of
from widgets.inputs import checked

COLOR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
USUAL_COLOR = "#6b7280"


class Fields(serializers.Serializer):
    name = serializers.CharField(max_length=LABEL_LENGTH)
    color = serializers.CharField(required=False, max_length=7, help_text="Such as `#2563eb`.")

    def validate_name(self, value: str) -> str:
        if "," in value:
            raise serializers.ValidationError("Without commas.")
        return value

    def validate_color(self, value: str) -> str:
        if not COLOR.fullmatch(value):
            raise serializers.ValidationError("Such as #2563eb.")
        return value.lower()


class LabelsView(ManagedView):
    class Input(Fields):
        pass

    @extend_schema(
        operation_id="listLabels",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Label),
    )
    def get(self, request: Request) -> Response:
        """The labels, the oldest first."""
        return oldest_first(request, Label.objects.all, label_data)

    @extend_schema(operation_id="createLabel", request=Input, responses={201: shapes.Label})
    def post(self, request: Request) -> Response:
        """Make a label; 409 when there is one of the name, in capitals or not."""
        with at_work(request):
            given: dict[str, Any] = {"color": USUAL_COLOR, **checked(self.Input, request.data)}
            made = labels.create_label(actor=audited_name(request), **given)
            return Response(label_data(made), status=201)


class LabelView(ManagedView):
    class Input(Fields):
        name = serializers.CharField(max_length=LABEL_LENGTH, required=False)

    @extend_schema(operation_id="changeLabel", request=Input, responses=shapes.Label)
    def patch(self, request: Request, label_id: str) -> Response:
        """Change what the body names; conversations that bear the label bear the new name."""
        with at_work(request):
            label = labels.label_by_id(label_id)
            given = checked(self.Input, request.data)
            labels.change_label(label, actor=audited_name(request), **given)
        labels.carry_out(grant_of(request).tenant_id)
        return Response(label_data(label))

    @extend_schema(operation_id="deleteLabel", responses={204: None})
    def delete(self, request: Request, label_id: str) -> Response:
        """Delete it, and the views of it, and take it off all conversations."""
        with at_work(request):
            labels.delete_label(labels.label_by_id(label_id), actor=audited_name(request))
        labels.carry_out(grant_of(request).tenant_id)
        return Response(status=204)
