"""Taking in a customer: a tenant, and the first people in it."""

import secrets
from dataclasses import dataclass

from tenants import accounts, audit
from tenants.errors import Conflict
from tenants.models import Membership, Tenant, User
from tenants.scope import tenant_scope

PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Joined:
    """A new membership; the password only if it was made up here, to be told once."""

    membership: Membership
    password: str = ""


def add_member(
    tenant: Tenant,
    *,
    email: str,
    name: str = "",
    role: str = Membership.Role.AGENT,
    password: str = "",
    actor: str = "system",
) -> Joined:
    """Give a person a place in a tenant, with an account if they have none.

    An account that exists keeps its password: its owner may be a member elsewhere. Raises
    Conflict for a member, and Django's ValidationError for a weak password.
    """
    with tenant_scope(tenant.pk):
        user = User.objects.filter(email__iexact=email).first()
        made_up = ""
        if user is None:
            made_up = "" if password else secrets.token_urlsafe(PASSWORD_BYTES)
            try:
                user = accounts.make(email, name=name, password=password or made_up)
            except Conflict:
                user, made_up = User.objects.get(email__iexact=email), ""
        membership, is_new = Membership.objects.get_or_create(
            tenant=tenant, user=user, defaults={"role": role}
        )
        if not is_new:
            raise Conflict("This person is a member already.", code="already_member")
        audit.record("member.added", actor=actor, target=user.email, details={"role": role})
    return Joined(membership, made_up)
