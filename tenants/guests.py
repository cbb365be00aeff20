"""Visitors who come with no credential at all, where a tenant lets them in."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from tenants.errors import Unauthorized
from tenants.ids import parse_uuid
from tenants.models import Tenant


@dataclass(frozen=True)
class GuestGrant:
    """What a tenant allows to anybody; worth nothing once it lets in no guests any more."""

    tenant_id: UUID
    tenant_is_demo: bool


def guest_grant(*, name: str, host: str) -> GuestGrant:
    """Let a guest into the tenant with this id or slug, else into the one that the host is of.

    A host of the form ``slug.chat.example.com`` is a tenant's, where ``PUBLIC_URL`` has the host
    ``chat.example.com``; on any other, guests are of the only tenant that allows them.
    Raises Unauthorized, and tells nobody which tenants there are.
    """
    tenant = _named(name) if name else _named(_slug_in(host)) or _only_one()
    if tenant is None or not tenant.guests_allowed or tenant.is_suspended:
        raise Unauthorized("Guests are not allowed here.", code="guests_not_allowed")
    return GuestGrant(tenant.pk, tenant.is_demo)


def _slug_in(host: str) -> str:
    """Nothing for a host that others named: its first word is not meant as a slug."""
    slug, _, rest = host.partition(".")
    return slug if rest.partition(":")[0] == urlsplit(settings.PUBLIC_URL).hostname else ""


def _named(name: str) -> Tenant | None:
    if not name.isascii() or "\0" in name:
        return None
    tenant_id = parse_uuid(name)
    return Tenant.objects.filter(Q(pk=tenant_id) if tenant_id else Q(slug=name)).first()


def _only_one() -> Tenant | None:
    found = Tenant.objects.filter(guests_allowed=True, suspended_at=None)[:2]
    return found[0] if len(found) == 1 else None
