"""The database's half of the wall: SQL that a migration runs for each table of tenant data."""

from typing import Any

from django.db.migrations import RunSQL

APP_ROLE = "livechat_app"
Statements = list[str | tuple[str, Any]]


def wall(table: str, **references: str) -> RunSQL:
    """Put ``table`` behind row-level security and pin its references to its own tenant.

    ``references`` names columns and where they point: ``contact_id="conversations_contact"``.
    The policy has no default: without a tenant a query is an error, never an empty list.
    """
    forward: Statements = [
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_key UNIQUE (tenant_id, id)",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table}"
        " USING (tenant_id = current_setting('app.tenant')::uuid)"
        " WITH CHECK (tenant_id = current_setting('app.tenant')::uuid)",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE}",
        *(_pin(table, column, target) for column, target in references.items()),
    ]
    backward: Statements = [
        *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_wall" for column in references),
        f"DROP POLICY tenant ON {table}",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_tenant_key",
    ]
    return RunSQL(forward, backward)


def pin(table: str, **references: str) -> RunSQL:
    """Add composite foreign keys to a table that is behind the wall already."""
    return RunSQL(
        [_pin(table, column, target) for column, target in references.items()],
        [f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_wall" for column in references],
    )


def open_table(table: str, *, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> RunSQL:
    """Grant the confined role a table that is read before the tenant is known."""
    return RunSQL(
        f"GRANT {rights} ON {table} TO {APP_ROLE}", f"REVOKE ALL ON {table} FROM {APP_ROLE}"
    )


def _pin(table: str, column: str, target: str) -> str:
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_wall"
        f" FOREIGN KEY (tenant_id, {column}) REFERENCES {target} (tenant_id, id)"
        " DEFERRABLE INITIALLY DEFERRED"
    )
