"""Steps of migrations that leave a running version at work."""

from typing import Any

from django.contrib.postgres import operations
from django.db.migrations import RunSQL

from tenants.postgresql.patience import unhurried


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Waits for every transaction that is under way, and takes the place of a broken attempt.

    What ends half-way leaves an index of that name that is of no use, and would be in the way.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        name = schema_editor.quote_name(self.index.name)
        with unhurried(schema_editor.connection, even_for_locks=True):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            super().database_forwards(app_label, schema_editor, *states)


class CreateIndexConcurrently(RunSQL):
    """The same for an index that no model knows, as its column is read by SQL alone."""

    def __init__(self, name: str, on: str) -> None:
        self.name = name
        super().__init__(
            f"CREATE INDEX CONCURRENTLY {name} ON {on}",
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        with unhurried(schema_editor.connection, even_for_locks=True):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.name}")
            super().database_forwards(app_label, schema_editor, *states)
