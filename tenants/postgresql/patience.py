"""How long an operator's commands let the database work: they ask for more than a visitor does."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def unhurried(connection: BaseDatabaseWrapper, *, even_for_locks: bool = False) -> Iterator[None]:
    """Let each statement of this connection take its time, and wait for locks if that is asked."""
    limits = ["statement_timeout", *(["lock_timeout"] if even_for_locks else [])]
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET {limit} = 0" for limit in limits))
    try:
        yield
    finally:
        # What went wrong may be that the connection is gone, or its transaction broken.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("; ".join(f"RESET {limit}" for limit in limits))
