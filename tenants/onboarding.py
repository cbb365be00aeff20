"""Taking in a customer: a tenant, and the first people in it."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password

from tenants import audit
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
        if user is not None and Membership.objects.filter(tenant=tenant, user=user).exists():
            raise Conflict("This person is a member already.", code="already_member")
        made_up = ""
        if user is None:
            made_up = "" if password else secrets.token_urlsafe(PASSWORD_BYTES)
            user = _make_user(email, name, password or made_up)
        membership = Membership.objects.create(tenant=tenant, user=user, role=role)
        audit.record("member.added", actor=actor, target=user.email, details={"role": role})
    return Joined(membership, made_up)


def _make_user(email: str, name: str, password: str) -> User:
    validate_password(password, User(email=email, name=name))
    return User.objects.create_user(email, password, name=name)
