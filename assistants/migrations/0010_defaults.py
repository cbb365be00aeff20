"""Defaults in the database for columns that came later: an earlier version does not name them."""

from django.db import migrations

TABLES = {
    "assistants_assistantversion": {
        "fallback_model": "''",
        "file_sharing": "true",
        "flows": "'[]'",
        "guidelines": "'{}'",
        "handover_after": "3",
        "handover_topics": "'{}'",
        "link_hosts": "'{}'",
        "model": "''",
        "tone": "''",
        "tools": "'[]'",
    },
    "assistants_knowledgesource": {
        "crawls": "0",
        "etag": "''",
        "last_modified": "''",
        "page_limit": "50",
        "pages_failed": "0",
        "pages_found": "0",
        "pages_read": "0",
        "path_prefix": "''",
    },
    "assistants_usagecounter": {"cost": "0", "unpriced_tokens": "0"},
    "assistants_usageentry": {"unpriced_tokens": "0"},
}


def alter(table: str, columns: dict[str, str], change: str) -> str:
    changes = (f"ALTER {name} {change.format(value)}" for name, value in columns.items())
    return f"ALTER TABLE {table} {', '.join(changes)}"


class Migration(migrations.Migration):
    dependencies = [("assistants", "0009_file_sharing")]

    operations = [
        migrations.RunSQL(
            [alter(table, columns, "SET DEFAULT {}") for table, columns in TABLES.items()],
            [alter(table, columns, "DROP DEFAULT") for table, columns in TABLES.items()],
        )
    ]
