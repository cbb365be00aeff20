"""A provider's account as plain data: where to ask, and with which key."""

from dataclasses import dataclass, field
from uuid import UUID

from assistants.models import Provider
from assistants.versions import VersionSnapshot
from tenants.scope import tenant_scope

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
        return {row.pk: account_of(row) for row in Provider.objects.filter(pk__in=ids)}
