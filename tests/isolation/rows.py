"""Every row that is a tenant's, whatever table it is in."""

import threading

from django.apps import apps
from django.db import connections

from tenants.models import Credential, Membership
from tenants.scope import TenantModel

# When somebody was last here is noted of those who only knock as well.
PASSING = ("last_seen_at", "last_used_at")
BEFORE_THE_TENANT_IS_KNOWN = (Credential, Membership)


def tables():
    models = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    return sorted(model._meta.db_table for model in (*models, *BEFORE_THE_TENANT_IS_KNOWN))


def rows(tenant_id):
    """Each row as a text of its own, read as the database's owner."""
    parts = [
        f"SELECT '{table} ' || (to_jsonb(t) - '{{{','.join(PASSING)}}}'::text[])::text"
        f" FROM {table} t WHERE tenant_id = %(tenant)s"
        for table in tables()
    ]
    return [row for (row,) in _read(" UNION ALL ".join(parts), tenant_id)]


def fingerprint(tenant_id):
    """Two of a tenant are the same if no row of it was made, changed or deleted between them."""
    parts = [
        f"SELECT '{table}', count(*), md5(string_agg("
        f"md5((to_jsonb(t) - '{{{','.join(PASSING)}}}'::text[])::text), '' ORDER BY id))"
        f" FROM {table} t WHERE tenant_id = %(tenant)s"
        for table in tables()
    ]
    return _read(" UNION ALL ".join(parts), tenant_id)


def _read(sql, tenant_id):
    try:
        with connections["owner"].cursor() as cursor:
            cursor.execute(sql, {"tenant": tenant_id})
            return cursor.fetchall()
    finally:
        # Of the main thread the run's end closes it; of another this may be the last look.
        if threading.current_thread() is not threading.main_thread():
            connections["owner"].close()
