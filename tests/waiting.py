"""Waiting for what nobody tells."""

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

# Of this run's processes each has a database; what the others' wait for is nothing to us.
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND datname = current_database()
"""


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def beside(work):
    """Do it in another thread; when this returns, it is done or waits in the database for us."""
    threads = ThreadPoolExecutor(1)
    other = threads.submit(_closing, work)
    threads.shutdown(wait=False)
    until(lambda: other.done() or _somebody_waits())
    return other


def _closing(work):
    try:
        return work()
    finally:
        connections.close_all()


def _somebody_waits():
    with connections["default"].cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]
