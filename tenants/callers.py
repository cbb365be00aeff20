"""Who calls a team's REST endpoint, and their tenant's scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from rest_framework.request import Request

from tenants.credentials import Grant
from tenants.models import Membership
from tenants.scope import tenant_scope
from tenants.sessions import MemberGrant


def grant_of(request: Request) -> MemberGrant | Grant:
    assert isinstance(request.auth, MemberGrant | Grant)
    return request.auth


@contextmanager
def at_work(request: Request) -> Iterator[UUID]:
    """Open the scope of the caller's tenant."""
    tenant_id = grant_of(request).tenant_id
    with tenant_scope(tenant_id):
        yield tenant_id


def audited_name(request: Request) -> str:
    """How the audit log names the caller."""
    grant = grant_of(request)
    if isinstance(grant, Grant):
        return f"API key {grant.credential_id}"
    member = Membership.objects.select_related("user").get(pk=grant.membership_id)
    return member.user.email
