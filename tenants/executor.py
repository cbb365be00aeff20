"""The one bridge from asynchronous code to the database."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from tenants import context, metrics
from tenants.slots import Company, least_served

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple[Future[Any], Callable[[], Any]]


async def run_in_db_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` in a thread that may use the ORM, with the caller's context variables."""
    job = partial(copy_context().run, _run, function, args, kwargs)
    return await asyncio.wrap_future(_threads.submit(context.sharer(), job))


def _run(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        # Hands the connection back to the pool, whatever state the job left it in.
        close_old_connections()


class FairThreads:
    """Threads that turn to whoever they work least for, so that nobody's many hold others up.

    Of four or more, a quarter is out of reach of any single sharer, whose jobs may all hang. Beside
    others, a sharer gets no more than a quarter itself, even while threads are idle: all of them
    share one processor, and would each take their part of it from the others' few jobs.
    """

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="database")
        self._most = max(1, size - size // 4)
        self._most_beside_others = min(self._most, max(2, size // 4))
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Job]] = {}
        self._running: Counter[str] = Counter()
        # Threads that have been called and have not looked for a job yet.
        self._called = 0
        self._company = Company()

    def waiting(self) -> int:
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def submit(self, sharer: str, job: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            self._waiting.setdefault(sharer, deque()).append((future, job))
            self._company.note(sharer)
            self._call()
        return future

    def _call(self) -> None:
        self._pool.submit(self._work)
        self._called += 1

    def _work(self) -> None:
        """Do what may be done, for as long as there is any: who was passed over is not forgotten.

        A job that finds its sharer's threads all busy is left to the first of them that is done.
        """
        with self._lock:
            self._called -= 1
        while found := self._take():
            sharer, (future, job) = found
            try:
                if future.set_running_or_notify_cancel():
                    _fulfil(future, job)
            finally:
                with self._lock:
                    self._running[sharer] -= 1
                    if not self._running[sharer]:
                        del self._running[sharer]

    def _take(self) -> tuple[str, Job] | None:
        with self._lock:
            sharer = self._next()
            if sharer is None:
                return None
            # Goes to the end of the line, if it wants more.
            jobs = self._waiting.pop(sharer)
            job = jobs.popleft()
            if jobs:
                self._waiting[sharer] = jobs
            self._running[sharer] += 1
            # Those that were passed over may be permitted by now, as the others have gone.
            if not self._called and self._next() is not None:
                # A process that exits has no threads any more.
                with suppress(RuntimeError):
                    self._call()
            return sharer, job

    def _next(self) -> str | None:
        permitted = (sharer for sharer in self._waiting if self._may_have_more(sharer))
        return least_served(permitted, self._running)

    def _may_have_more(self, sharer: str) -> bool:
        has_company = self._company.of(sharer)
        return self._running[sharer] < (self._most_beside_others if has_company else self._most)


def _fulfil(future: Future[T], job: Callable[[], T]) -> None:
    try:
        result = job()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


_threads = FairThreads(settings.DATABASE_THREADS)
metrics.DATABASE_JOBS.set_function(_threads.waiting)
