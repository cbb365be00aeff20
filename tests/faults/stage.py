"""Where faults happen: a product whose every connection can be broken."""

import asyncio
import random
from urllib.parse import quote, urlsplit

from tests.faults.proxy import Proxy

HERE = "127.0.0.1"


class Stage:
    """Two web servers and two workers. The first of each reaches the stores through proxies.

    ``doors`` are the proxies between clients and web servers. ``clock`` is that of the first ones,
    and ``disk`` is everybody's, where the machine allows for that.
    """

    def __init__(self, product, *, clock=None, disk=None):
        self.product = product
        self.clock, self.disk = clock, disk
        redis = urlsplit(product.env["REDIS_URL"])
        self.to_redis = Proxy((redis.hostname, redis.port))
        self.to_database = Proxy(f"{product.postgres.sockets}/.s.PGSQL.5432")

    async def start(self, *, web=None, worker=None):
        """Start all; a web server and a worker that run already may be lent, and are enough."""
        await self.to_redis.start()
        await self.to_database.start()
        fragile = self._through_proxies() | (self.clock.env if self.clock else {})
        self.webs = [self.product.new_web(**fragile), web or self.product.new_web()]
        self.workers = [worker]
        if worker is None:
            self.workers = [self.product.new_worker(**fragile), self.product.new_worker()]
        self.doors = [Proxy((HERE, urlsplit(one.url).port)) for one in self.webs]
        self._own = [one for one in (*self.webs, *self.workers) if one not in (web, worker)]
        starting = (asyncio.to_thread(one.start) for one in self._own)
        await asyncio.gather(*starting, *(door.start() for door in self.doors))

    async def stop(self):
        for proxy in (*self.doors, self.to_redis, self.to_database):
            await proxy.stop()
        await asyncio.gather(*(asyncio.to_thread(one.stop) for one in self._own))

    async def revive(self):
        """Start again what has ended by itself, as whoever runs the product would."""
        for one in (*self.webs, *self.workers):
            if one.process.poll() is not None:
                await asyncio.to_thread(one.start)

    def door(self):
        """Some way in; a client that comes back may come by another one."""
        return random.choice(self.doors).url

    def _through_proxies(self):
        redis_url, port = self.product.env["REDIS_URL"], self.to_redis.target[1]
        database = urlsplit(self.product.env["DATABASE_URL"])
        owner = urlsplit(self.product.env["DATABASE_OWNER_URL"])
        place = f"{HERE}:{self.to_database.port}{database.path}"
        return {
            "REDIS_URL": redis_url.replace(f":{port}/", f":{self.to_redis.port}/"),
            "DATABASE_URL": f"postgresql://{quote(database.username)}@{place}",
            "DATABASE_OWNER_URL": f"postgresql://{quote(owner.username)}@{place}",
        }
