"""Small makers of real rows."""

import uuid

from tenants.models import Membership, Tenant, User

PASSWORD = "correct horse battery staple"


def make_tenant(name="Acme", **fields):
    """A tenant that no other test knows, so that nothing ever needs to be cleaned up."""
    return Tenant.objects.create(name=name, slug=f"{name.lower()}-{uuid.uuid4().hex[:12]}", **fields)


def make_member(tenant, *, role=Membership.Role.AGENT, email="", password=PASSWORD):
    email = email or f"{role}-{uuid.uuid4().hex[:12]}@{tenant.slug}.example"
    user = User.objects.create_user(email, password, name=role.title())
    return Membership.objects.create(tenant=tenant, user=user, role=role)
