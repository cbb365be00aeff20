"""Who shares what a process can do at once: a tenant, or an address while no tenant is known.

Anybody can make up credentials, each of which would be somebody who has had nothing yet. So one
counts for its tenant once it has been found good in this process, and for its sender until then.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.network import client_ip, ip_bucket

REMEMBERED = 10_000

_tenants: dict[int, str] = {}


def remember(credential: str, tenant_id: UUID) -> None:
    """Let what comes with this credential, which is good, count for its tenant from now on."""
    if len(_tenants) >= REMEMBERED:
        _tenants.clear()
    _tenants[hash(credential)] = str(tenant_id)


def asker_of(scope: Mapping[str, Any]) -> str:
    """Who asks, as far as an ASGI scope tells before anything is verified."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            credential = value.decode("latin-1").partition(" ")[2].strip()
            if tenant := _tenants.get(hash(credential)):
                return tenant
    return ip_bucket(client_ip(scope))
