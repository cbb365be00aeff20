"""The wall between tenants: no row is read or written but inside one tenant's scope.

The database enforces it by row-level security; this module tells the database which tenant it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections, models, router, transaction

from tenants import context, tracing
from tenants.ids import uuid7


class NoTenant(RuntimeError):
    """Tenant data was touched outside a tenant's scope."""


class OtherTenant(RuntimeError):
    """One tenant's scope was opened inside another's."""


@dataclass
class Scope:
    """One open transaction for one tenant, and what must happen before it commits."""

    tenant_id: UUID
    callbacks: dict[Callable[[], None], None] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


_scope: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)
_platform: ContextVar[str | None] = ContextVar("platform_scope", default=None)
_confined: ContextVar[UUID | None] = ContextVar("confined_scope", default=None)


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[Scope]:
    """Open a transaction in which only this tenant's rows exist; inside itself it joins."""
    current = _scope.get()
    if current is not None:
        if current.tenant_id != tenant_id:
            raise OtherTenant(f"{tenant_id} inside {current.tenant_id}")
        yield current
        return
    if _confined.get() not in (None, tenant_id):
        raise OtherTenant(f"{tenant_id} within {_confined.get()}")
    scope = Scope(tenant_id)
    name = str(tenant_id)
    token, log_token = _scope.set(scope), context.tenant_id.set(name)
    try:
        alias = router.db_for_write(TenantModel)
        facts = {"livechat.tenant_id": name} if tracing.is_on() else tracing.NO_FACTS
        with tracing.span("transaction", facts), transaction.atomic(using=alias):
            _tell_database(alias, tenant_id)
            yield scope
            for callback in scope.callbacks:
                callback()
    finally:
        context.tenant_id.reset(log_token)
        _scope.reset(token)


@contextmanager
def platform_scope(reason: str) -> Iterator[None]:
    """Read and write as the database's owner, across all tenants; a test lists the reasons."""
    token = _platform.set(reason)
    try:
        yield
    finally:
        _platform.reset(token)


@contextmanager
def confined_scope(tenant_id: UUID) -> Iterator[str]:
    """Read as the confined role, and one tenant's rows alone, even inside a platform's scope.

    No unit of work: each scope that is opened within succeeds or fails by itself, and all that
    succeeded is committed at the end. Yields the connection's alias.
    """
    platform, place = _platform.set(None), _confined.set(tenant_id)
    try:
        alias = router.db_for_write(TenantModel)
        with transaction.atomic(using=alias):
            _tell_database(alias, tenant_id)
            yield alias
    finally:
        _confined.reset(place)
        _platform.reset(platform)


def confined_to() -> UUID | None:
    """The tenant whose rows alone this code may see, if there is one."""
    scope = _scope.get()
    return scope.tenant_id if scope is not None else _confined.get()


def current_scope() -> Scope:
    scope = _scope.get()
    if scope is None:
        raise NoTenant("Open tenant_scope() first.")
    return scope


def before_commit(callback: Callable[[], None]) -> None:
    """Run ``callback`` once, as one of the outermost scope's last statements."""
    current_scope().callbacks[callback] = None


def _tell_database(alias: str, tenant_id: UUID) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id)])


class RoleRouter:
    """Everything runs as the confined role, but for the platform's own work and migrations."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return "owner" if _platform.get() else "default"

    db_for_write = db_for_read

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, *args: Any, **hints: Any) -> bool:
        return db == "owner"


class TenantManager(models.Manager[Any]):
    """Rows of the scope's tenant; raises where there is no scope."""

    def get_queryset(self) -> models.QuerySet[Any]:
        tenant_id = confined_to()
        if tenant_id is not None:
            return super().get_queryset().filter(tenant_id=tenant_id)
        if _platform.get():
            return super().get_queryset()
        raise NoTenant(f"{self.model.__name__} was queried outside a tenant's scope.")


class TenantModel(models.Model):
    """A row that belongs to one tenant, behind the wall."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")

    objects = TenantManager()
    # Django reaches for a plain manager when it follows relations; the database guards those.
    unscoped = models.Manager()  # noqa: DJ012 -- a manager too

    class Meta:
        abstract = True
        base_manager_name = "unscoped"
