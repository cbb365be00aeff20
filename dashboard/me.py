"""Who is calling, how they like to work, and where they are logged in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.pages import by_id
from dashboard import shapes
from dashboard.callers import IsMember, TeamView, members_of
from tenants import accounts, own_sessions, paging, preferences, second_factor
from tenants.callers import at_work, grant_of
from tenants.models import Membership, Tenant
from tenants.preferences import Preferences
from tenants.sessions import MemberGrant
from widgets.inputs import Text, checked


class MeView(TeamView):
    class Input(serializers.Serializer):
        name = Text(required=False, max_length=200)
        preferences = Preferences(required=False)

        def validate_name(self, value: str) -> str:
            if not value.strip() or not value.isprintable():
                raise serializers.ValidationError("Write a name on one line.")
            return value.strip()

    def get_permissions(self) -> list[BasePermission]:
        return [] if self.request.method == "GET" else [IsMember()]

    @extend_schema(operation_id="getMe", responses=shapes.Me)
    def get(self, request: Request) -> Response:
        """Who is calling, and what they may."""
        return Response(_me(request))

    @extend_schema(operation_id="changeMe", request=Input, responses=shapes.Me)
    def patch(self, request: Request) -> Response:
        """Change your name, and of your preferences those that the body names."""
        grant = member_grant(request)
        given = checked(self.Input, request.data)
        if given.get("preferences"):
            with at_work(request):
                preferences.change(grant.membership_id, given["preferences"])
        if "name" in given:
            # It concerns all the tenants that the person is in.
            accounts.rename(_member(grant).user, given["name"])
        return Response(_me(request))


class OwnSessionsView(TeamView):
    """The caller's own log-ins in this tenant."""

    def get_permissions(self) -> list[BasePermission]:
        return [IsMember()]

    @extend_schema(
        operation_id="listOwnSessions",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.OwnSession),
    )
    def get(self, request: Request) -> Response:
        """Where you are logged in, the oldest first."""
        grant = member_grant(request)
        given = checked(paging.PageQuery, request.query_params.dict())
        page = by_id(
            own_sessions.of_member(grant.membership_id),
            cursor=given.get("cursor"),
            size=given["limit"],
            render=lambda session: own_sessions.session_data(session, grant),
        )
        return Response(page.data())


class OwnSessionView(TeamView):
    def get_permissions(self) -> list[BasePermission]:
        return [IsMember()]

    @extend_schema(operation_id="endOwnSession", responses={204: None})
    def delete(self, request: Request, session_id: str) -> Response:
        """Log out there; its sockets are closed within two seconds."""
        with at_work(request):
            own_sessions.end(member_grant(request), session_id)
        return Response(status=204)


class EndOthersView(TeamView):
    def get_permissions(self) -> list[BasePermission]:
        return [IsMember()]

    @extend_schema(operation_id="endOtherSessions", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Log out everywhere else."""
        with at_work(request):
            own_sessions.end_others(member_grant(request))
        return Response(status=204)


def member_grant(request: Request) -> MemberGrant:
    """The grant of a caller who has proved to be a member."""
    grant = grant_of(request)
    assert isinstance(grant, MemberGrant)
    return grant


def member_data(member: Membership) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "userId": str(member.user_id),
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
    }


def _me(request: Request) -> dict[str, Any]:
    grant = grant_of(request)
    tenant = Tenant.objects.get(pk=grant.tenant_id)
    body = {"tenant": {"id": str(tenant.id), "name": tenant.name, "seesTyping": tenant.sees_typing}}
    if not isinstance(grant, MemberGrant):
        nobody = {"member": None, "preferences": None, "twoFactor": None}
        return {**body, **nobody, "scopes": list(grant.scopes)}
    member = _member(grant)
    return {
        **body,
        "member": member_data(member),
        "preferences": preferences.of(member),
        "twoFactor": second_factor.of(member.user) is not None,
        "scopes": [],
    }


def _member(grant: MemberGrant) -> Membership:
    rows = members_of(grant.tenant_id).select_related("user__second_factor")
    return rows.get(pk=grant.membership_id)
