"""A provider's account as plain data: where to ask, and with which key."""

import logging
from dataclasses import dataclass, field
from uuid import UUID

from assistants.models import Provider
from assistants.versions import VersionSnapshot
from tenants.scope import tenant_scope
from tenants.sealing import Unreadable

logger = logging.getLogger(__name__)

ADDRESSES: dict[str, str] = {
    Provider.Kind.OPENAI: "https://api.openai.com/v1",
    Provider.Kind.ANTHROPIC: "https://api.anthropic.com",
    Provider.Kind.COMPATIBLE: "https://api.openai.com/v1",
}


@dataclass(frozen=True)
class Account:
    kind: str
    own_url: str
    key: str = field(repr=False)

    @property
    def base_url(self) -> str:
        """Named always, so that no variable of the environment decides where a key is sent."""
        return self.own_url.rstrip("/") or ADDRESSES[self.kind]

    @property
    def has_list_price(self) -> bool:
        """Whether the vendor's own prices hold; elsewhere nobody knows them."""
        return self.kind != Provider.Kind.COMPATIBLE and not self.own_url


def account_of(provider: Provider) -> Account:
    return Account(provider.kind, provider.base_url, provider.key)


def accounts_of(version: VersionSnapshot) -> dict[UUID, Account]:
    """The accounts that a version's models need, as they are at this moment."""
    ids = [pk for pk in (version.provider_id, version.fallback_provider_id) if pk]
    with tenant_scope(version.tenant_id):
        rows = list(Provider.objects.filter(pk__in=ids))
    return {row.pk: account_of(row) for row in rows if _is_readable(row)}


def _is_readable(provider: Provider) -> bool:
    try:
        return provider.key is not None
    except Unreadable:
        logger.error("The key of provider %s cannot be read with this SECRET_KEY", provider.pk)
        return False
