"""Whether a member is there for visitors, as they choose it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import availability
from conversations.models import Availability
from dashboard import shapes
from dashboard.callers import OwnView, acting_member
from tenants.callers import at_work, grant_of
from tenants.sessions import MemberGrant
from widgets.inputs import checked


class AvailabilityView(OwnView):
    """The caller's own: nobody is there for somebody else."""

    class Input(serializers.Serializer):
        status = serializers.ChoiceField(Availability.Status.choices, required=False)
        capacity = serializers.IntegerField(
            required=False, min_value=0, max_value=availability.LARGEST_CAPACITY
        )

    @extend_schema(operation_id="getAvailability", responses=shapes.MemberAvailability)
    def get(self, request: Request) -> Response:
        with at_work(request):
            return Response(_data(_member_id(request)))

    @extend_schema(
        operation_id="setAvailability", request=Input, responses=shapes.MemberAvailability
    )
    def put(self, request: Request) -> Response:
        """Choose whether conversations are assigned to you, and how many at once.

        Who calls this is there for the next five minutes, and with an open dashboard for as long
        as that.
        """
        with at_work(request):
            given = checked(self.Input, request.data)
            availability.choose(acting_member(request, {}), **given)
            return Response(_data(_member_id(request)))


def _member_id(request: Request) -> UUID:
    grant = grant_of(request)
    assert isinstance(grant, MemberGrant)
    return grant.membership_id


def _data(member_id: UUID) -> dict[str, Any]:
    return availability.of_members([member_id])[member_id]
