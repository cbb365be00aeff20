"""Where faults happen: a product whose every connection can be broken."""

import asyncio
import random
from urllib.parse import quote, urlsplit

from tests.faults.proxy import Proxy

HERE = "127.0.0.1"


class Stage:
    """Two web servers and two workers. One of each reaches the stores through proxies.

    ``doors`` are the proxies between clients and web servers.
    """

    def __init__(self, product, *, webs=2, workers=2, **env):
        self.product = product
        url = urlsplit(product.env["REDIS_URL"])
        self.to_redis = Proxy((url.hostname, url.port))
        self.to_database = Proxy(f"{product.postgres.sockets}/.s.PGSQL.5432")
        self.env = {"CHAT_WAIT_SECONDS": "8", **env}
        self._counts = (webs, workers)

    async def start(self):
        await self.to_redis.start()
        await self.to_database.start()
        fragile = self.env | self._through_proxies()
        webs, workers = self._counts
        self.webs = [
            self.product.new_web(**(self.env if index else fragile)) for index in range(webs)
        ]
        self.workers = [
            self.product.new_worker(**(self.env if index else fragile)) for index in range(workers)
        ]
        self.doors = [Proxy((HERE, urlsplit(web.url).port)) for web in self.webs]
        starting = (asyncio.to_thread(one.start) for one in (*self.webs, *self.workers))
        await asyncio.gather(*starting, *(door.start() for door in self.doors))

    async def stop(self):
        for proxy in (*self.doors, self.to_redis, self.to_database):
            await proxy.stop()
        stopping = (asyncio.to_thread(one.stop) for one in (*self.webs, *self.workers))
        await asyncio.gather(*stopping)

    def door(self):
        """Some way in; a client that comes back may come by another one."""
        return random.choice(self.doors).url

    def _through_proxies(self):
        redis_url = self.product.env["REDIS_URL"]
        url = urlsplit(redis_url)
        database = urlsplit(self.product.env["DATABASE_URL"])
        owner = urlsplit(self.product.env["DATABASE_OWNER_URL"])
        place = f"{HERE}:{self.to_database.port}{database.path}"
        return {
            "REDIS_URL": redis_url.replace(f":{url.port}/", f":{self.to_redis.port}/"),
            "DATABASE_URL": f"postgresql://{quote(database.username)}@{place}",
            "DATABASE_OWNER_URL": f"postgresql://{quote(owner.username)}@{place}",
        }
