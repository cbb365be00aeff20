"""The one bridge from asynchronous code to the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(settings.DATABASE_THREADS, thread_name_prefix="database")


async def run_in_db_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` in a thread that may use the ORM, with the caller's context variables."""
    job = partial(_run, function, args, kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, job)


def _run(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        # Hands the connection back to the pool, whatever state the job left it in.
        close_old_connections()
