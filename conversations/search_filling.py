"""Having what was written before there was a search be found, too."""

from django.db import connections, router
from django.db.models import Model

from conversations.models import Contact, Message
from tenants.scope import platform_scope

BATCH = 1_000
BATCHES = 5
# The trigger that fills a vector is called for a column that is set, if only to what it was.
FILL = """
UPDATE {table} SET {column} = {column} WHERE id IN (
    SELECT id FROM {table} WHERE search IS NULL ORDER BY id DESC LIMIT %s FOR UPDATE SKIP LOCKED
)
"""
FILLED = ((Message, "text"), (Contact, "name"))


def fill_search() -> None:
    """Fill at most 5,000 messages and as many contacts, the newest first, in small steps."""
    for model, column in FILLED:
        statement = FILL.format(table=model._meta.db_table, column=column)
        for _ in range(BATCHES):
            if _fill(statement, model) < BATCH:
                break


def _fill(statement: str, model: type[Model]) -> int:
    with (
        platform_scope("fill the search"),
        connections[router.db_for_write(model)].cursor() as cursor,
    ):
        cursor.execute(statement, [BATCH])
        return int(cursor.rowcount)
