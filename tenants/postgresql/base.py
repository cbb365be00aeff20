"""A pool's connections, found to be alive without a question to the server each time."""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Nothing comes on an idle connection, but for a server's last words, or news of a setting."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        while True:
            connection = super().get_new_connection(conn_params)
            if self.pool is None or _is_usable(connection):
                return connection
            # The pool replaces one that is closed.
            connection.close()
            self.pool.putconn(connection)


def _is_usable(connection: Connection[Any]) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True


def pools() -> dict[str, ConnectionPool[Any]]:
    """The pools that this process has opened so far, by the name of their database."""
    return dict(DatabaseWrapper._connection_pools)  # type: ignore[attr-defined]
