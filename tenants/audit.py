"""The audit log: who did what in a tenant."""

from typing import Any

from tenants import context
from tenants.models import AuditEntry
from tenants.scope import current_scope


def record(
    action: str,
    *,
    actor: str,
    target: object = "",
    details: dict[str, Any] | None = None,
    ip: str | None = None,
) -> None:
    """Write one entry in the scope's transaction, so that it stands or falls with the act.

    ``actor`` is a member's e-mail or the name of what acted; ``details`` hold no secret.
    """
    AuditEntry.objects.create(
        tenant_id=current_scope().tenant_id,
        actor=actor[:200],
        action=action,
        target=str(target)[:200],
        details=details or {},
        ip=ip,
        request_id=context.request_id.get()[:64],
    )
