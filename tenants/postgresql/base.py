"""A pool's connections, found to be alive without a question to the server each time."""

import select
import threading
import time
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool, PoolTimeout

PAUSE_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Nothing comes on an idle connection, but for a server's last words, or news of a setting."""

    _queues: ClassVar[WeakKeyDictionary[ConnectionPool[Any], "Queue"]] = WeakKeyDictionary()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.pool is None:
            return super().get_new_connection(conn_params)
        while True:
            connection = self._wait(conn_params)
            if _is_usable(connection):
                return connection
            # The pool replaces one that is closed.
            connection.close()
            self.pool.putconn(connection)

    def _wait(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """A connection of the pool; raises PoolTimeout, at once while others wait in vain."""
        queue = self._queues.setdefault(self.pool, Queue())
        # What is there is for everybody.
        if not (queue.may_wait(self.pool.timeout) or self.pool.get_stats().get("pool_available")):
            raise PoolTimeout("others wait for a connection in vain")
        try:
            connection: Connection[Any] = super().get_new_connection(conn_params)
        except PoolTimeout:
            queue.note_vain()
            raise
        queue.note_served()
        return connection


class Queue:
    """Who may wait for a connection: everybody or, since somebody waited in vain, one for all.

    Each of the others would hold a thread for as long, and the threads' queue with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def may_wait(self, seconds: float) -> bool:
        """Whether to wait, for so many seconds at most."""
        with self._lock:
            if not self._closed_until:
                return True
            now = time.monotonic()
            if now < self._closed_until:
                return False
            self._closed_until = now + seconds + PAUSE_SECONDS
            return True

    def note_vain(self) -> None:
        with self._lock:
            self._closed_until = time.monotonic() + PAUSE_SECONDS

    def note_served(self) -> None:
        self._closed_until = 0.0


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
