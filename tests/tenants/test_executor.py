import asyncio
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest

from tenants import context, slots
from tenants.executor import FairThreads, run_in_db_thread


@pytest.fixture
def threads():
    return FairThreads(4)


class Hanging:
    """Jobs that go on until they are let go."""

    def __init__(self, threads):
        self.threads, self.go, self.running = threads, threading.Event(), []

    def submit(self, sharer, number=None):
        def job():
            self.running.append((sharer, number))
            assert self.go.wait(10)

        return self.threads.submit(sharer, job)

    def until(self, count):
        deadline = time.monotonic() + 5
        while len(self.running) < count:
            assert time.monotonic() < deadline
            time.sleep(0.005)


class Looked(Counter):
    """Counts how often somebody's number is looked up."""

    def __init__(self, looks):
        self.looks = looks

    def __contains__(self, sharer):
        self.looks.append(sharer)
        return super().__contains__(sharer)

    def __getitem__(self, sharer):
        self.looks.append(sharer)
        return super().__getitem__(sharer)


def test_whoever_hangs_everywhere_leaves_a_thread_to_the_others(threads):
    hanging = Hanging(threads)
    stuck = [hanging.submit("acme") for _ in range(20)]
    hanging.until(3)

    assert threads.submit("globex", lambda: "done").result(5) == "done"
    assert len(hanging.running) == 3
    assert threads.waiting() == 17
    hanging.go.set()
    assert [job.result(5) for job in stuck] == [None] * 20


def test_a_newcomers_job_is_before_the_many_of_somebody_else(threads):
    hanging = Hanging(threads)
    for sharer in ("acme", "acme", "initech", "umbrella"):
        hanging.submit(sharer)
    hanging.until(4)
    order = []
    jobs = [threads.submit("acme", lambda: order.append("acme")) for _ in range(50)]
    jobs += [threads.submit("globex", lambda: order.append("globex")) for _ in range(3)]

    hanging.go.set()
    for job in jobs:
        job.result(5)

    assert len(order) == 53
    assert order.index("globex") < 5
    assert max(i for i, who in enumerate(order) if who == "globex") < 20


def test_beside_others_nobody_fills_the_threads_and_alone_again_somebody_does(monkeypatch):
    threads = FairThreads(8)
    hanging, first = Hanging(threads), threading.Event()
    threads.submit("globex", lambda: None).result(5)
    one = threads.submit("acme", lambda: first.wait(10))
    for _ in range(20):
        hanging.submit("acme")
    hanging.until(1)

    # Whoever comes later finds idle threads, and the work of the process itself does too.
    for sharer in ("globex", "initech", ""):
        assert threads.submit(sharer, lambda: "done").result(5) == "done"
    assert (len(hanging.running), threads.waiting()) == (1, 19)

    monkeypatch.setattr(slots, "COMPANY_SECONDS", 0.0)
    first.set()
    assert one.result(5)
    hanging.until(6)
    assert threads.submit("globex", lambda: "done").result(5) == "done"
    hanging.go.set()


def test_our_own_work_is_nobodys_company():
    threads = FairThreads(8)
    hanging = Hanging(threads)
    threads.submit("", lambda: None).result(5)
    for _ in range(20):
        hanging.submit("acme")

    hanging.until(6)
    assert threads.submit("", lambda: "done").result(5) == "done"
    hanging.go.set()


def test_many_who_wait_do_not_slow_anybody_down(threads, monkeypatch):
    looks = []
    monkeypatch.setattr(threads, "_running", Looked(looks))
    hanging = Hanging(threads)
    for number in range(4):
        hanging.submit(f"hanging {number}")
    hanging.until(4)
    jobs = [threads.submit(f"sharer {number}", lambda: None) for number in range(1000)]

    hanging.go.set()
    for job in jobs:
        job.result(5)

    assert len(looks) < 50 * 1000


def test_a_job_nobody_waits_for_any_more_is_not_begun(threads):
    hanging = Hanging(threads)
    for sharer in ("acme", "globex", "initech", "umbrella"):
        hanging.submit(sharer)
    hanging.until(4)
    unwanted, wanted = (hanging.submit("acme", number) for number in (1, 2))

    assert unwanted.cancel()
    hanging.go.set()
    wanted.result(5)

    assert [number for _, number in hanging.running[4:]] == [2]


def test_an_error_is_the_callers_and_the_thread_goes_on(threads):
    for _ in range(8):
        with suppress(ZeroDivisionError):
            threads.submit("acme", lambda: 1 // 0).result(5)

    assert threads.submit("acme", lambda: "well").result(5) == "well"


async def test_work_is_for_whoever_is_known_best():
    async def sharer():
        return await run_in_db_thread(context.sharer)

    assert await sharer() == ""
    context.asker.set("192.0.2.1")
    assert await sharer() == "192.0.2.1"
    context.tenant_id.set("acme")
    assert await sharer() == "acme"
    with context.our_own():
        assert await sharer() == ""
    assert await sharer() == "acme"


async def test_a_cancelled_caller_frees_nothing_before_its_job_is_done():
    begun, go = threading.Event(), threading.Event()

    def job():
        begun.set()
        assert go.wait(5)

    task = asyncio.create_task(run_in_db_thread(job))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
