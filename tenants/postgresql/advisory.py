"""Locks on what has no row that could be locked."""

from django.db import connections, router

from tenants.scope import TenantModel


def lock(key: str) -> None:
    """Wait for the lock of this name, and hold it until the transaction ends."""
    with connections[router.db_for_write(TenantModel)].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
