"""Who acts in the team's REST: a member for themselves, or a program for a member that it names."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.authentication import MayUse, TokenAuthentication
from tenants.callers import grant_of
from tenants.errors import BadRequest
from tenants.ids import parse_uuid
from tenants.models import Membership
from tenants.sessions import MemberGrant

MayRead = MayUse.with_(scope="conversations:read")
MayWrite = MayUse.with_(scope="conversations:write")


class TeamView(APIView):
    """The team's operations at one path."""

    authentication_classes = [TokenAuthentication]

    def get_permissions(self) -> list[Any]:
        return [MayRead() if self.request.method in SAFE_METHODS else MayWrite()]


def acting_member(request: Request, given: dict[str, Any]) -> Membership:
    """The member who acts. An API key says which by ``memberId``: people answer to people.

    Raises BadRequest without one, and for anybody who is not an active member.
    """
    grant = grant_of(request)
    if isinstance(grant, MemberGrant):
        return member_by_id(request, grant.membership_id)
    if given.get("memberId") is None:
        raise BadRequest("With an API key, name the member as memberId.", code="member_required")
    return member_by_id(request, given["memberId"])


def member_by_id(request: Request, member_id: object) -> Membership:
    """An active member of the caller's tenant. Raises BadRequest for any other id."""
    known = parse_uuid(member_id)
    members = members_of(grant_of(request).tenant_id)
    member = members.filter(pk=known).first() if known else None
    if member is None:
        raise BadRequest("There is no such member.", code="unknown_member")
    return member


def members_of(tenant_id: UUID) -> QuerySet[Membership]:
    """The active members of a tenant."""
    members = Membership.objects.select_related("user")
    return members.filter(tenant_id=tenant_id, is_active=True, user__is_active=True)


def lock_sender(member: Membership) -> None:
    """Let a member's sends with a key wait for each other, whichever conversation they are for."""
    Membership.objects.select_for_update(no_key=True).get(pk=member.pk)


def display_name(request: Request) -> str:
    """How a visible line calls the caller."""
    grant = grant_of(request)
    return (grant.name or "A team member") if isinstance(grant, MemberGrant) else "The team"
