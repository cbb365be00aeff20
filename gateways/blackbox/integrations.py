"""Web integrations and the tokens that speak for them: made, changed, revoked; in the scope."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from gateways.models import WebIntegration
from tenants import audit, credentials
from tenants.credentials import Issued
from tenants.errors import Conflict, NotFound
from tenants.ids import parse_uuid
from tenants.models import Credential, Tenant
from tenants.scope import current_scope

TOKEN = Credential.Kind.WEB_INTEGRATION_TOKEN


def integration_by_id(integration_id: object) -> WebIntegration:
    """The tenant's integration with this id. Raises NotFound for any other."""
    rows = WebIntegration.objects.filter(pk=parse_uuid(integration_id))
    found: WebIntegration | None = rows.first()
    if found is None:
        raise _unknown()
    return found


def create_integration(*, actor: str = "system", **fields: Any) -> WebIntegration:
    integration = WebIntegration(tenant_id=current_scope().tenant_id, **fields)
    integration.save(force_insert=True)
    _note(integration, "created", actor)
    return integration


def change_integration(integration: WebIntegration, *, actor: str, **fields: Any) -> None:
    """Open sockets keep to what they were let in with. Raises NotFound once it is deleted."""
    _lock(integration)
    for name, value in fields.items():
        setattr(integration, name, value)
    integration.save(update_fields=[*fields, "updated_at"])
    _note(integration, "changed", actor)


def delete_integration(integration: WebIntegration, *, actor: str) -> None:
    """Its tokens are revoked with it; the conversations that it brought stay.

    Raises NotFound once it is deleted.
    """
    _lock(integration)
    for token in tokens_of(integration.pk):
        credentials.revoke(token, actor=actor)
    _note(integration, "deleted", actor)
    integration.delete()


def issue_token(integration: WebIntegration, *, name: str, actor: str = "system") -> Issued:
    """A token for clients of this integration.

    Raises Conflict when a working one has the name, and NotFound once the integration is deleted.
    """
    _lock(integration)
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    if tokens_of(integration.pk).filter(unexpired, name=name).exists():
        raise Conflict("This integration has a token of this name.", code="duplicate_name")
    tenant = Tenant.objects.get(pk=integration.tenant_id)
    return credentials.issue(tenant, TOKEN, name=name, subject_id=integration.pk, actor=actor)


def tokens_of(integration_id: UUID) -> QuerySet[Credential]:
    """The integration's tokens that were not revoked."""
    return Credential.objects.filter(
        tenant_id=current_scope().tenant_id, kind=TOKEN, subject_id=integration_id, revoked_at=None
    )


def token_by_id(integration: WebIntegration, token_id: object) -> Credential:
    """One of them. Raises NotFound for any other."""
    known = parse_uuid(token_id)
    found = tokens_of(integration.pk).filter(pk=known).first() if known else None
    if found is None:
        raise NotFound("Token not found.", code="token_not_found")
    return found


def _lock(integration: WebIntegration) -> None:
    """Of two requests at once the second sees what the first has made of it and of its tokens."""
    rows = WebIntegration.objects.select_for_update(no_key=True)
    if rows.filter(pk=integration.pk).first() is None:
        raise _unknown()


def _unknown() -> NotFound:
    return NotFound("Web integration not found.", code="web_integration_not_found")


def _note(integration: WebIntegration, act: str, actor: str) -> None:
    audit.record(
        f"webintegration.{act}",
        actor=actor,
        target=integration,
        details={"id": str(integration.pk)},
    )
