"""The worker's one event loop: it makes the answers, and looks for those that nobody makes.

Its sweeps run here rather than on Celery's schedule, so that questions are answered, and visitors
led to people, while Redis is away; a nudge only makes it quicker.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from celery import signals
from django.db import Error as DatabaseFailure

from assistants import analyses
from assistants.nlu.analysis import analyze
from assistants.tools import http
from conversations import toolbox, turn_runner, turns
from conversations.turns import Claim
from realtime.pulses import beat
from tenants import context, metrics, tracing
from tenants.executor import run_in_db_thread
from tenants.slots import Slots
from tenants.tasks import consumes

logger = logging.getLogger(__name__)

# After a lease of ten: what a dead worker left is answered within fifteen, the answer included.
SWEEP_SECONDS = 4.0
RENEW_SECONDS = 4.0
# Most of them wait for a model, which costs next to nothing.
CONCURRENT_TURNS = 400
SHUTDOWN_SECONDS = 4.5
JOBS_HELD = 2_000
CHORE_SECONDS = 10.0

Work = Callable[[UUID, UUID], Coroutine[Any, Any, None]]

# What rooms above this one have done every so often.
_chores: list[Callable[[], None]] = []


def do_regularly(chore: Callable[[], None]) -> None:
    """Have every worker do this every ten seconds, in a thread that may reach the database."""
    _chores.append(chore)


class Worker:
    """Runs turns until it is stopped; then it finishes what it can and gives the rest back."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._wanted_again: set[UUID] = set()
        self._slots = Slots(CONCURRENT_TURNS)
        metrics.TURNS_RUNNING.set_function(lambda: self._slots.held)
        metrics.TURNS_WAITING.set_function(lambda: self._slots.waiting)
        self._chores: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
        self._thread.start()

    def submit(self, tenant_id: UUID, turn_id: UUID) -> None:
        """Work on a turn, unless it is being worked on already. Callable from any thread."""
        self._call(self._hear, tenant_id, turn_id, self._work)

    def submit_analysis(self, tenant_id: UUID, analysis_id: UUID) -> None:
        """Understand a message, unless that is being done already. Callable from any thread."""
        self._call(self._hear, tenant_id, analysis_id, self._understand)

    def finish(self) -> None:
        """Begin nothing new; within eight seconds what is begun is done, or given back."""
        self._call(self._stopping.set)

    def stop(self) -> None:
        """Finish, and wait for it."""
        self.finish()
        self._thread.join(SHUTDOWN_SECONDS + 2)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # The loop has ended, and with it the work.
            self._loop.call_soon_threadsafe(function, *args)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._chores = [self._loop.create_task(self._do_regularly(chore)) for chore in _chores]
        self._loop.run_until_complete(self._repeat(self._sweep, SWEEP_SECONDS))
        self._loop.run_until_complete(self._drain())
        self._loop.close()

    def _hear(self, tenant_id: UUID, job_id: UUID, work: Work) -> None:
        # What is not even waited for here the sweep finds later, here or elsewhere.
        if len(self._running) < JOBS_HELD or job_id in self._running:
            self._start(tenant_id, job_id, work)

    def _start(self, tenant_id: UUID, job_id: UUID, work: Work) -> None:
        if job_id in self._running:
            # A page may answer before the task that asked it has ended.
            self._wanted_again.add(job_id)
        elif not self._stopping.is_set():
            task = self._loop.create_task(work(tenant_id, job_id))
            self._running[job_id] = task
            task.add_done_callback(partial(self._finished, tenant_id, job_id, work))

    def _take_up(self, due: list[tuple[UUID, UUID]], work: Work) -> None:
        for tenant_id, job_id in due:
            # What waits here for its slot is due as well, and no news.
            if job_id not in self._running:
                self._start(tenant_id, job_id, work)

    def _finished(
        self, tenant_id: UUID, job_id: UUID, work: Work, task: asyncio.Task[None]
    ) -> None:
        del self._running[job_id]
        if job_id in self._wanted_again:
            self._wanted_again.discard(job_id)
            self._start(tenant_id, job_id, work)
        if not task.cancelled() and (error := task.exception()):
            logger.error("Work was left to the next sweep", exc_info=error)

    async def _work(self, tenant_id: UUID, turn_id: UUID) -> None:
        context.tenant_id.set(str(tenant_id))
        async with self._slots.one_for(tenant_id):
            with tracing.span("turn", {"livechat.turn_id": str(turn_id)}):
                await self._answer(tenant_id, turn_id)

    async def _answer(self, tenant_id: UUID, turn_id: UUID) -> None:
        held = await run_in_db_thread(turns.claim, tenant_id, turn_id)
        if held is not None:
            await _while_wanted(held, turn_runner.answer(held))
            return
        spent = await run_in_db_thread(turns.claim_exhausted, tenant_id, turn_id)
        if spent is not None:
            await turn_runner.apologise(spent, "error:attempts")

    async def _understand(self, tenant_id: UUID, analysis_id: UUID) -> None:
        context.tenant_id.set(str(tenant_id))
        async with self._slots.one_for(tenant_id):
            job = await run_in_db_thread(analyses.claim, tenant_id, analysis_id)
            if job is not None:
                result = await analyze(
                    job.version, job.text, language=job.language, key=job.analysis_id
                )
                await run_in_db_thread(analyses.finish, job, result)

    async def _repeat(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except DatabaseFailure as error:
                logger.warning("Could not look for what is left: %s", error)
            except Exception:
                # A sweep that ended would leave this process deaf, and nobody would notice.
                logger.exception("Could not look for what is left")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _do_regularly(self, chore: Callable[[], None]) -> None:
        async def do() -> None:
            await asyncio.sleep(CHORE_SECONDS)
            await run_in_db_thread(chore)

        await self._repeat(do, 0)

    async def _sweep(self) -> None:
        await run_in_db_thread(beat, "worker")
        left = await run_in_db_thread(turns.due)
        metrics.TURNS_LEFT.set(len(left))
        self._take_up(left, self._work)
        self._take_up(await run_in_db_thread(analyses.due), self._understand)

    async def _drain(self) -> None:
        # In its thread each goes on by itself: it is many small transactions.
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        tasks: list[asyncio.Task[Any]] = [*self._running.values(), *toolbox.in_flight()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=SHUTDOWN_SECONDS)
            # Also the calls that have begun since then.
            late |= toolbox.in_flight()
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await http.close()


async def _while_wanted(held: Claim, work: Coroutine[Any, Any, None]) -> None:
    """Do the work while the lease can be kept; stop as soon as the answer is not wanted."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([task], timeout=RENEW_SECONDS))[0]:
            if not await _is_wanted(held):
                task.cancel()
        if not task.cancelled():
            task.result()
    except asyncio.CancelledError:
        task.cancel()
        await run_in_db_thread(turns.release, held)
        # It may still be noting what it has cost.
        await asyncio.wait([task])
        raise


async def _is_wanted(held: Claim) -> bool:
    try:
        # Behind all that its tenant has begun, the lease might lapse.
        with context.our_own():
            return await run_in_db_thread(turns.renew, held)
    except DatabaseFailure as error:
        # The lease may outlast this; if not, the commit will find out.
        logger.warning("Could not renew a lease: %s", error)
        return True


_worker: Worker | None = None
_starting = threading.Lock()


def current() -> Worker:
    """This process's worker, started when it is first asked for."""
    global _worker
    with _starting:
        if _worker is None:
            _worker = Worker()
        return _worker


@signals.worker_init.connect
def _begin(sender: Any, **_: Any) -> None:
    # Other Celery processes, such as the one that reads knowledge, make no answers.
    if consumes(sender, sender.app.conf.task_default_queue):
        current()


@signals.worker_shutting_down.connect
def _begin_to_end(**_: Any) -> None:
    if _worker is not None:
        _worker.finish()


@signals.worker_shutdown.connect
def _end(**_: Any) -> None:
    # Here and no later: an interpreter that exits lets no thread reach the database any more.
    if _worker is not None:
        _worker.stop()
