"""Which of the open sockets' permissions are worth nothing any more."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q

from tenants.credentials import Grant
from tenants.guests import GuestGrant
from tenants.models import Credential, Tenant
from tenants.sessions import MemberGrant, live_sessions, stamp_of


class AnyGrant(Protocol):
    """A permission of one tenant's; hashable."""

    @property
    def tenant_id(self) -> UUID: ...


OwnGrant = Grant | GuestGrant | MemberGrant
Check = Callable[[Collection[Any]], set[Any]]

# Of the kinds that rooms above this one have.
_checks: dict[type, Check] = {}


def check_by(kind: type, check: Check) -> None:
    """Have grants of a kind that is not known here looked at by who knows it."""
    _checks[kind] = check


def invalid(grants: Collection[AnyGrant]) -> set[AnyGrant]:
    """Those that were revoked, expired, logged out, demoted or suspended; a query for each kind.

    An access token's own expiry is not looked at: a socket outlives it by re-authenticating.
    """
    found: set[AnyGrant] = set(_invalid({one for one in grants if isinstance(one, OwnGrant)}))
    for kind, check in _checks.items():
        if asked := {one for one in grants if isinstance(one, kind)}:
            found |= check(asked)
    return found


def suspended(tenant_ids: Collection[UUID]) -> set[UUID]:
    """Those of these tenants that are suspended."""
    rows = Tenant.objects.filter(pk__in=tenant_ids, suspended_at__isnull=False)
    return set(rows.values_list("pk", flat=True))


def _invalid(grants: Collection[OwnGrant]) -> set[OwnGrant]:
    keys = {grant.credential_id for grant in grants if isinstance(grant, Grant)}
    sessions = {grant.session_id for grant in grants if isinstance(grant, MemberGrant)}
    hosts = {grant.tenant_id for grant in grants if isinstance(grant, GuestGrant)}
    good = _good_credentials(keys) | _good_members(sessions) | _good_hosts(hosts)
    return {grant for grant in grants if _mark(grant) not in good}


def _mark(grant: OwnGrant) -> tuple[object, ...]:
    if isinstance(grant, Grant):
        return (grant.credential_id,)
    if isinstance(grant, GuestGrant):
        return (grant.tenant_id,)
    return (grant.session_id, grant.stamp)


def _good_credentials(ids: set[UUID]) -> set[tuple[object, ...]]:
    if not ids:
        return set()
    unexpired = Q(expires_at=None) | Q(expires_at__gt=datetime.now(UTC))
    rows = Credential.objects.filter(unexpired, revoked_at=None, tenant__suspended_at=None)
    return set(rows.filter(pk__in=ids).values_list("pk"))


def _good_members(ids: set[UUID]) -> set[tuple[object, ...]]:
    if not ids:
        return set()
    rows = live_sessions().filter(pk__in=ids)
    fields = rows.values_list("pk", "membership__role", "membership__user__password")
    return {(pk, stamp_of(role=role, password_hash=hashed)) for pk, role, hashed in fields}


def _good_hosts(ids: set[UUID]) -> set[tuple[object, ...]]:
    if not ids:
        return set()
    rows = Tenant.objects.filter(pk__in=ids, guests_allowed=True, suspended_at=None)
    return set(rows.values_list("pk"))
