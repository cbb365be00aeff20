"""What owners and admins do about members: roles, and who is one no more.

Nobody changes what they are themselves, nobody touches who ranks above them, and a tenant keeps an
owner. Each function is called inside the tenant's scope.
"""

from dataclasses import dataclass
from uuid import UUID

from tenants import audit
from tenants.authentication import has_rank
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.ids import parse_uuid
from tenants.models import Membership, Tenant
from tenants.scope import current_scope
from tenants.sessions import end_sessions

Role = Membership.Role


@dataclass(frozen=True)
class Manager:
    """Who manages: a member, or a key that does so with an admin's rights."""

    role: str
    name: str
    membership_id: UUID | None = None

    def require_rank(self, role: str) -> None:
        """Raises Forbidden for a role above the manager's own."""
        if not has_rank(self.role, role):
            raise Forbidden("Only an owner does this.", code="missing_role")


def managed(member_id: object, *, by: Manager) -> Membership:
    """A member to whom something is to be done, whom nobody else changes meanwhile.

    Raises NotFound, and Forbidden for oneself and for whoever ranks above.
    """
    # One at a time in a tenant, or two owners could each remove the other.
    tenant_id = current_scope().tenant_id
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    known = parse_uuid(member_id)
    rows = Membership.objects.select_related("user").filter(tenant=tenant_id, is_active=True)
    member = rows.filter(pk=known).first() if known else None
    if member is None:
        raise NotFound("Member not found.", code="member_not_found")
    if member.pk == by.membership_id:
        raise Forbidden("Nobody does this to themselves.", code="own_membership")
    by.require_rank(member.role)
    return member


def change_role(member: Membership, role: str, *, by: Manager) -> None:
    """Give a managed member another role, which logs them out. Raises Forbidden and Conflict."""
    by.require_rank(role)
    if member.role == role:
        return
    if role != Role.OWNER:
        _require_another_owner(member)
    details = {"from": member.role, "to": role}
    member.role = role
    member.save(update_fields=["role"])
    end_sessions(membership=member)
    audit.record("member.role_changed", actor=by.name, target=member.user.email, details=details)


def remove(member: Membership, *, by: Manager) -> None:
    """Take a managed member's place away; what they said stays. Raises Conflict."""
    _require_another_owner(member)
    member.is_active = False
    member.save(update_fields=["is_active"])
    end_sessions(membership=member)
    audit.record("member.removed", actor=by.name, target=member.user.email)


def _require_another_owner(member: Membership) -> None:
    if member.role != Role.OWNER:
        return
    owners = Membership.objects.filter(tenant=member.tenant_id, role=Role.OWNER, is_active=True)
    if not owners.filter(user__is_active=True).exclude(pk=member.pk).exists():
        raise Conflict("A tenant keeps an owner.", code="last_owner")
