"""The faults: each breaks one thing for a while, mends it, and returns."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import redis

from tests.faults.proxy import TO_CLIENT, TO_SERVER

# Longer than a worker's lease, and than a renewal of it after that.
BEYOND_LEASE_SECONDS = 14
# Whoever is told to end and has not by then never will.
ENDING_SECONDS = 90
# A frame with a message has some 150 bytes, and so has its acknowledgement.
BYTES = 400
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Nemesis:
    """Chooses by a seed what to break, and does it to a stage."""

    def __init__(self, stage, seed_random):
        self.stage, self.random = stage, seed_random

    def seconds(self, shortest, longest):
        return self.random.uniform(shortest, longest)

    async def wait(self, shortest, longest):
        await asyncio.sleep(self.seconds(shortest, longest))

    # Networks.

    async def clients_cut(self):
        for way in (TO_SERVER, TO_CLIENT):
            for proxy in self.stage.doors:
                async with proxy.cutting(way, after=self.random.randrange(BYTES)):
                    await self.wait(0.2, 0.5)

    async def clients_reset(self):
        for proxy in self.stage.doors:
            proxy.cut(reset=True)
            await self.wait(0.1, 0.3)

    async def responses_dropped(self):
        proxy = self.random.choice(self.stage.doors)
        async with proxy.cutting(TO_CLIENT, after=0):
            await self.wait(0.3, 1)

    async def clients_in_black_hole(self):
        async with self.random.choice(self.stage.doors).black_hole():
            await self.wait(1, 4)

    async def clients_delayed(self):
        async with self.random.choice(self.stage.doors).delaying(self.seconds(0.05, 0.3)):
            await self.wait(1, 3)

    async def database_cut(self):
        way = self.random.choice((TO_SERVER, TO_CLIENT))
        async with self.stage.to_database.cutting(way, after=self.random.randrange(10 * BYTES)):
            await self.wait(0.2, 1)

    async def database_in_black_hole(self):
        async with self.stage.to_database.black_hole():
            await self.wait(1, 4)

    async def database_delayed(self):
        async with self.stage.to_database.delaying(self.seconds(0.01, 0.05)):
            await self.wait(1, 3)

    async def database_away(self):
        async with self.stage.to_database.away():
            await self.wait(1, 10)

    async def redis_cut(self):
        way = self.random.choice((TO_SERVER, TO_CLIENT))
        async with self.stage.to_redis.cutting(way, after=self.random.randrange(BYTES)):
            await self.wait(0.2, 1)

    async def redis_in_black_hole(self):
        async with self.stage.to_redis.black_hole():
            await self.wait(1, 4)

    async def redis_slow(self):
        async with self.stage.to_redis.delaying(0.5):
            await self.wait(1, 3)

    async def redis_away(self):
        async with self.stage.to_redis.away():
            await self.wait(1, 5)

    # Processes.

    async def web_killed(self):
        await self._restarted(self.random.choice(self.stage.webs), signal.SIGKILL)

    async def web_stopped(self):
        await self._restarted(self.random.choice(self.stage.webs), signal.SIGTERM)

    async def web_frozen(self):
        async with frozen(self.random.choice(self.stage.webs).process.pid):
            await self.wait(2, BEYOND_LEASE_SECONDS)

    async def worker_killed(self):
        await self._restarted(self.random.choice(self.stage.workers), signal.SIGKILL)

    async def worker_stopped(self):
        await self._restarted(self.random.choice(self.stage.workers), signal.SIGTERM)

    async def worker_frozen(self):
        async with frozen(self.random.choice(self.stage.workers).process.pid):
            await asyncio.sleep(BEYOND_LEASE_SECONDS)

    # Stores.

    async def postgres_restarted(self):
        """At once, as after a crash: what is not committed is gone."""
        await self._relaunched(self.stage.product.postgres, signal.SIGQUIT)

    async def postgres_killed(self):
        await self._relaunched(self.stage.product.postgres, signal.SIGKILL)

    async def postgres_frozen(self):
        pid = self.stage.product.postgres.child.pid
        async with frozen(pid, *children_of(pid)):
            await self.wait(1, 8)

    async def backends_terminated(self):
        await asyncio.to_thread(terminate_backends, self.stage.product)

    async def redis_killed(self):
        await self._relaunched(self.stage.product.redis, signal.SIGKILL)

    async def redis_frozen(self):
        async with frozen(self.stage.product.redis.child.pid):
            await self.wait(1, 6)

    async def redis_flushed(self):
        await asyncio.to_thread(tell_redis, self.stage.product, "FLUSHALL")

    async def redis_clients_killed(self):
        for kind in ("normal", "pubsub"):
            words = ("CLIENT", "KILL", "TYPE", kind)
            await asyncio.to_thread(tell_redis, self.stage.product, *words)

    # What machines do. Only where the stage was made for it.

    async def disk_full(self):
        async with self.stage.disk.full():
            await self.wait(1, 4)
        # It ends if even its recovery finds no room.
        if not self.stage.product.postgres.is_running():
            await asyncio.to_thread(self.stage.product.relaunch, self.stage.product.postgres)

    async def clock_jumped(self):
        async with self.stage.clock.wrong_by(self.random.choice(("+1h", "-1h", "+400d"))):
            await self.wait(2, 6)

    async def _restarted(self, service, number):
        service.signal(number)
        await asyncio.to_thread(service.process.wait, ENDING_SECONDS)
        await asyncio.to_thread(service.start)

    async def _relaunched(self, store, number):
        store.child.send_signal(number)
        await asyncio.to_thread(store.child.wait)
        await self.wait(0, 2)
        await asyncio.to_thread(self.stage.product.relaunch, store)


@asynccontextmanager
async def frozen(*pids):
    """Stop these processes of ours for the length of the block."""
    for pid in pids:
        send(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            send(pid, signal.SIGCONT)


def send(pid, number):
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def children_of(pid):
    """The processes that a process of ours has started, as far as the system tells."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def terminate_backends(product):
    with product.superuser() as connection:
        connection.execute(TERMINATE)


def tell_redis(product, *words):
    with redis.Redis.from_url(product.env["REDIS_URL"]) as client:
        client.execute_command(*words)
