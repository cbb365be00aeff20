"""The members of the team, who is invited to it, and what owners and admins do about both."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import availability, queueing
from conversations.announcements import timestamp
from conversations.pages import by_id
from dashboard import shapes
from dashboard.callers import TeamView, members_of
from dashboard.listing import oldest_first
from dashboard.me import member_data
from tenants import invitations, paging, staff
from tenants.authentication import MayUse
from tenants.callers import at_work, audited_name, grant_of
from tenants.models import Invitation, Membership, Tenant
from tenants.sessions import MemberGrant
from tenants.staff import Manager
from widgets.inputs import Text, checked

Role = Membership.Role
MayManageMembers = MayUse.with_(scope="members", role=Role.ADMIN)


class MembersView(TeamView):
    @extend_schema(
        operation_id="listMembers",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.TeamMember),
    )
    def get(self, request: Request) -> Response:
        """The active members, who joined first coming first, and whether they are there."""
        given = checked(paging.PageQuery, request.query_params.dict())
        with at_work(request) as tenant_id:
            page = by_id(
                members_of(tenant_id),
                cursor=given.get("cursor"),
                size=given["limit"],
                render=member_data,
            )
            there = availability.of_members(UUID(row["id"]) for row in page.results)
        for row in page.results:
            row["availability"] = there[UUID(row["id"])]
        return Response(page.data())


class ManagingView(TeamView):
    """For owners, admins, and keys that may manage members."""

    def get_permissions(self) -> list[Any]:
        return [MayManageMembers()]


class MemberView(ManagingView):
    class Input(serializers.Serializer):
        role = serializers.ChoiceField(Role.choices)

    @extend_schema(operation_id="changeMember", request=Input, responses=shapes.Member)
    def patch(self, request: Request, member_id: str) -> Response:
        """Give a member another role, which logs them out; 409 for a tenant's last owner."""
        with at_work(request):
            manager = _manager(request)
            member = staff.managed(member_id, by=manager)
            staff.change_role(member, checked(self.Input, request.data)["role"], by=manager)
            return Response(member_data(member))

    @extend_schema(operation_id="removeMember", responses={204: None})
    def delete(self, request: Request, member_id: str) -> Response:
        """Take a member's place away; whoever they were answering waits for another member."""
        with at_work(request) as tenant_id:
            manager = _manager(request)
            staff.remove(staff.managed(member_id, by=manager), by=manager)
            queueing.nudge_after_commit(tenant_id)
        return Response(status=204)


class InvitationsView(ManagingView):
    class Input(serializers.Serializer):
        email = serializers.EmailField(max_length=254)
        name = Text(default="", allow_blank=True, max_length=200)
        role = serializers.ChoiceField(Role.choices, default=Role.AGENT)

    @extend_schema(
        operation_id="listInvitations",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Invitation),
    )
    def get(self, request: Request) -> Response:
        """The invitations that nobody has accepted, the oldest first."""
        return oldest_first(request, invitations.open_ones, invitation_data)

    @extend_schema(operation_id="inviteMember", request=Input, responses={201: shapes.Invitation})
    def post(self, request: Request) -> Response:
        """Mail an invitation; the one that this address had before is worth nothing then."""
        with at_work(request) as tenant_id:
            given = checked(self.Input, request.data)
            manager = _manager(request)
            manager.require_rank(given["role"])
            tenant = Tenant.objects.get(pk=tenant_id)
            made = invitations.invite(tenant, actor=manager.name, **given)
            return Response(invitation_data(made), status=201)


class InvitationView(ManagingView):
    @extend_schema(operation_id="revokeInvitation", responses={204: None})
    def delete(self, request: Request, invitation_id: str) -> Response:
        """Let the link of an invitation be worth nothing."""
        with at_work(request):
            invitation, actor = _named(request, invitation_id)
            invitations.revoke(invitation, actor=actor)
        return Response(status=204)


class ResendView(ManagingView):
    @extend_schema(operation_id="resendInvitation", request=None, responses=shapes.Invitation)
    def post(self, request: Request, invitation_id: str) -> Response:
        """Mail a new link; the one before it is worth nothing then."""
        with at_work(request):
            invitation, actor = _named(request, invitation_id)
            invitations.resend(invitation, actor=actor)
            return Response(invitation_data(invitations.by_id(invitation_id)))


def invitation_data(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": str(invitation.id),
        "email": invitation.email,
        "name": invitation.name,
        "role": invitation.role,
        "status": invitation.state,
        "invitedBy": invitation.invited_by,
        "createdAt": timestamp(invitation.created_at),
        "expiresAt": timestamp(invitation.expires_at),
    }


def _named(request: Request, invitation_id: str) -> tuple[Invitation, str]:
    """An invitation that the caller may do something about, and who the caller is."""
    manager = _manager(request)
    invitation = invitations.by_id(invitation_id)
    manager.require_rank(invitation.role)
    return invitation, manager.name


def _manager(request: Request) -> Manager:
    grant = grant_of(request)
    if isinstance(grant, MemberGrant):
        return Manager(grant.role, grant.email, grant.membership_id)
    return Manager(Role.ADMIN, audited_name(request))
