"""Who acts in the team's REST: a member for themselves, or a program for a member that it names."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.authentication import MayUse, TokenAuthentication
from tenants.callers import grant_of
from tenants.errors import BadRequest, Forbidden
from tenants.ids import parse_uuid
from tenants.models import Membership
from tenants.sessions import MemberGrant

MayRead = MayUse.with_(scope="conversations:read")
MayWrite = MayUse.with_(scope="conversations:write")
MayManage = MayUse.with_(scope="conversations:write", role=Membership.Role.ADMIN)


class TeamView(APIView):
    """The team's operations at one path."""

    authentication_classes = [TokenAuthentication]

    def get_permissions(self) -> list[Any]:
        return [MayRead() if self.request.method in SAFE_METHODS else MayWrite()]


class ManagedView(TeamView):
    """Everybody reads; owners, admins and keys change."""

    def get_permissions(self) -> list[Any]:
        is_reading = self.request.method in SAFE_METHODS
        return super().get_permissions() if is_reading else [MayManage()]


class IsMember(BasePermission):
    """For what programs may not do on anybody's behalf."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(grant_of(request), MemberGrant):
            raise Forbidden("Only a member may do this.", code="member_required")
        return True


class OwnView(TeamView):
    """What members do for themselves alone."""

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), IsMember()]


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


def member_at_work(request: Request) -> Membership | None:
    """The member who calls; none where a program does."""
    grant = grant_of(request)
    if isinstance(grant, MemberGrant):
        return member_by_id(request, grant.membership_id)
    return None


def member_by_id(request: Request, member_id: object) -> Membership:
    """An active member of the caller's tenant. Raises BadRequest for any other id."""
    known = parse_uuid(member_id)
    members = members_of(grant_of(request).tenant_id)
    member = members.filter(pk=known).first() if known else None
    if member is None:
        raise unknown_member()
    return member


def member_id_of(request: Request) -> UUID | None:
    """The member that calls; None for a program."""
    grant = grant_of(request)
    return grant.membership_id if isinstance(grant, MemberGrant) else None


def members_by_id(request: Request, member_ids: Collection[object]) -> list[Membership]:
    """Active members of the caller's tenant. Raises BadRequest if any id is none's."""
    known = {parse_uuid(each) for each in member_ids}
    ids = [each for each in known if each is not None]
    if not known:
        return []
    found = list(members_of(grant_of(request).tenant_id).filter(pk__in=ids))
    if len(found) != len(known):
        raise unknown_member()
    return found


def unknown_member() -> BadRequest:
    return BadRequest("There is no such member.", code="unknown_member")


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
