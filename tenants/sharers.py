"""Who shares what a process can do at once: a tenant, or an address while no tenant is known.

Anybody can make up credentials, each of which would be somebody who has had nothing yet. So one
counts for its tenant once it has been found good in this process. Until then it counts for its
sender, or with all others who show the same: a tenant's many visitors, after a start.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.network import client_ip, ip_bucket

REMEMBERED = 10_000

_tenants: dict[int, str] = {}
# The address that showed a credential first.
_first_from: dict[int, str] = {}


def remember(credential: str, tenant_id: UUID) -> None:
    """Let what comes with this credential, which is good, count for its tenant from now on."""
    if len(_tenants) >= REMEMBERED:
        _tenants.clear()
    _tenants[hash(credential)] = str(tenant_id)


def asker_of(scope: Mapping[str, Any]) -> str:
    """Who asks, as far as an ASGI scope tells before anything is verified."""
    address = ip_bucket(client_ip(scope))
    for name, value in scope["headers"]:
        if name == b"authorization":
            credential = hash(value.decode("latin-1").partition(" ")[2].strip())
            return _tenants.get(credential) or _stranger(credential, address)
    return address


def _stranger(credential: int, address: str) -> str:
    if len(_first_from) >= REMEMBERED:
        _first_from.clear()
    is_first = _first_from.setdefault(credential, address) == address
    return address if is_first else f"credential {credential}"
