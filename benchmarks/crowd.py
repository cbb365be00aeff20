"""Two thousand sockets that never say who they are, from as many addresses, beside a visitor."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from benchmarks.lines import Line, address
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import HOST, Product, Web, resident_kib
from benchmarks.websocket import connect

SOCKETS = 2000
AT_ONCE = 50
ALONE_SECONDS = 8.0
# The deadline of /api/ws/tenant is 5 s; the rest is for a machine that is busy with the crowd.
LONGEST_SECONDS = 20.0
PAUSE_SECONDS = 0.02
PATH = "/api/ws/tenant"


@dataclass(frozen=True)
class Crowd:
    """``closes`` counts the codes, ``lives`` tells how long the sockets were left open."""

    count: int
    closes: Counter[int]
    lives: Summary
    mib: float
    alone: Summary
    beside: Summary
    failures: int


def of_product(product: Product, *, count: int = SOCKETS) -> Crowd:
    with product.another_web(TRUSTED_PROXY_COUNT="1") as web:
        return asyncio.run(_measure(product, web, count))


async def _measure(product: Product, web: Web, count: int) -> Crowd:
    page = Page(product, await Line.open(web.port, address="198.51.100.1"))
    await page.reload(2.0)
    alone = await page.reload(ALONE_SECONDS)
    before = resident_kib(web.pid)
    peak, closes, lives = before, Counter[int](), list[float]()
    crowd = asyncio.create_task(_gather(web.port, count, closes, lives))
    beside = []
    while not crowd.done():
        beside += await page.reload(0.5)
        peak = max(peak, resident_kib(web.pid))
    await crowd
    return Crowd(
        count,
        closes,
        summary(lives),
        (peak - before) / 1024,
        summary(alone),
        summary(beside),
        page.failures,
    )


async def _gather(port: int, count: int, closes: Counter[int], lives: list[float]) -> None:
    async def come(number: int) -> asyncio.Task[None]:
        socket = await connect(HOST, port, PATH, lambda _: None, address=address(number))
        return asyncio.create_task(stay(socket.ended, time.monotonic()))

    async def stay(ended: asyncio.Future[int], since: float) -> None:
        try:
            closes[await asyncio.wait_for(ended, LONGEST_SECONDS)] += 1
        except TimeoutError:
            closes[0] += 1
        lives.append(time.monotonic() - since)

    staying: list[asyncio.Task[None]] = []
    for start in range(0, count, AT_ONCE):
        batch = range(start, min(start + AT_ONCE, count))
        staying += await asyncio.gather(*map(come, batch))
    await asyncio.gather(*staying)


class Page:
    """A page that loads its bubble's configuration again and again."""

    def __init__(self, product: Product, line: Line) -> None:
        self.path = f"/api/widgets/{product.demo['tenantId']}/config"
        self.line = line
        self.failures = 0

    async def reload(self, seconds: float) -> list[float]:
        """How long each took, in seconds."""
        taken, until = [], time.monotonic() + seconds
        while (started := time.monotonic()) < until:
            status, _ = await self.line.ask("GET", self.path)
            self.failures += status != 200
            taken.append(time.monotonic() - started)
            await asyncio.sleep(PAUSE_SECONDS)
        return taken
