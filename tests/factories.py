"""Small makers of real rows."""

import uuid

from assistants.queries import default_assistant
from assistants.versions import create_assistant
from conversations import engine
from conversations.sessions import Visitor, continue_session
from tenants.ids import uuid7
from tenants.models import Membership, Tenant, User
from tenants.scope import tenant_scope

PASSWORD = "correct horse battery staple"


def make_tenant(name="Acme", **fields):
    """A tenant that no other test knows, so that nothing ever needs to be cleaned up."""
    return Tenant.objects.create(
        name=name, slug=f"{name.lower()}-{uuid.uuid4().hex[:12]}", **fields
    )


def make_member(tenant, *, role=Membership.Role.AGENT, email="", password=PASSWORD):
    email = email or f"{role}-{uuid.uuid4().hex[:12]}@{tenant.slug}.example"
    user = User.objects.create_user(email, password, name=role.title())
    return Membership.objects.create(tenant=tenant, user=user, role=role)


def make_assistant(tenant, name="Ada", **fields):
    """A published assistant that knows nothing yet."""
    with tenant_scope(tenant.id):
        return create_assistant(name, is_default=True, **fields)


def make_visitor(label="", source_id=None, **fields):
    return Visitor(
        source_id=source_id or uuid7(), label=label or f"session-{uuid.uuid4().hex[:12]}", **fields
    )


def write(tenant, visitor, text="Hello?", **fields):
    """A visitor's message, through the engine, in a transaction of its own."""
    with tenant_scope(tenant.id):
        fields.setdefault("assistant", default_assistant())
        return engine.receive_message(continue_session(visitor), text=text, **fields)
