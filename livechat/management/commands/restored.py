"""Tells every client of a database that was restored: what it knows of events is void."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections, router

from realtime.models import Head
from tenants.postgresql.patience import unhurried
from tenants.scope import platform_scope

# Further than any replay reaches, and than any feed came since the backup.
LEAP = 1_000_000_000
RAISE_HEADS = """
INSERT INTO realtime_head (feed, seq)
SELECT id, %(leap)s FROM tenants_tenant
UNION ALL SELECT id, %(leap)s FROM conversations_conversation
ON CONFLICT (feed) DO UPDATE SET seq = realtime_head.seq + EXCLUDED.seq
"""


class Command(BaseCommand):
    help = "Have all clients load afresh, after the database was restored from a backup."

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope("tell of a restored database"):
            connection = connections[router.db_for_write(Head)]
            with unhurried(connection), connection.cursor() as cursor:
                cursor.execute(RAISE_HEADS, {"leap": LEAP})
        self.stdout.write("Clients that come back will load afresh.")
