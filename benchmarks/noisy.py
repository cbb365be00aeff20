"""One tenant's visitors write all at once, or ten times as often as they may; another one's ask
and read.
"""

import asyncio
import json
import math
import time
from collections import Counter
from dataclasses import dataclass

from benchmarks.lines import Line, address
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import Product, Web

QUESTION = "Do you ship to Norway?"
# A session may write twenty times a minute.
QUIET, QUIET_PAUSE = 16, 3.2
NOISY, NOISY_PAUSE = 10, 60 / 200
# All at once, each in a session of its own, and again when those are answered.
BURST, BURST_PAUSE = 200, 10.0
# Some 200 answers, and over before the next minute lets as many in again.
SECONDS = 40.0


@dataclass(frozen=True)
class Noise:
    """How long the quiet tenant's answers take; ``answers`` are what the noisy one got.

    ``beside_burst`` is while the other one's questions that are let in are answered, ``burst`` how
    long those take, and ``beside`` is while they are refused.
    """

    alone: Summary
    beside_burst: Summary
    burst: Summary
    beside: Summary
    failures: int
    answers: Counter[int]


def of_product(product: Product, *, seconds: float = SECONDS) -> Noise:
    quiet, noisy = product.inside("shops", "quiet", "noisy")
    with product.another_web(TRUSTED_PROXY_COUNT="1") as web:
        return asyncio.run(_measure(web, quiet, noisy, seconds))


async def _measure(web: Web, quiet: dict[str, str], noisy: dict[str, str], seconds: float) -> Noise:
    visitors = [await Visitor.open(web, quiet, number) for number in range(QUIET)]
    await _all(visitors, pause=QUIET_PAUSE, seconds=QUIET_PAUSE)
    alone = await _all(visitors, pause=QUIET_PAUSE, seconds=seconds)
    crowd = [await Visitor.open(web, noisy, 2000 + number) for number in range(BURST)]
    beside_burst, burst = await asyncio.gather(
        _all(visitors, pause=QUIET_PAUSE, seconds=seconds),
        _all(crowd, pause=BURST_PAUSE, seconds=seconds, at_once=True),
    )
    flood = [await Visitor.open(web, noisy, 1000 + number) for number in range(NOISY)]
    flooding = asyncio.create_task(_all(flood, pause=NOISY_PAUSE, seconds=math.inf))
    # As many as they may write are let in first: what is measured is how the rest is refused.
    while not flooding.done() and not all(  # noqa: ASYNC110 -- a poll is plain enough
        each.statuses[429] for each in flood
    ):
        await asyncio.sleep(0.1)
    beside = await _all(visitors, pause=QUIET_PAUSE, seconds=seconds)
    flooding.cancel()
    await asyncio.wait([flooding])
    failures = sum(
        count for each in visitors for status, count in each.statuses.items() if status != 200
    )
    answers = sum((each.statuses for each in (*crowd, *flood)), Counter[int]())
    return Noise(*map(summary, (alone, beside_burst, burst, beside)), failures, answers)


async def _all(
    visitors: list["Visitor"], *, pause: float, seconds: float, at_once: bool = False
) -> list[float]:
    parts = [
        each.write(pause, seconds, delay=0 if at_once else pause * number / len(visitors))
        for number, each in enumerate(visitors)
    ]
    return [taken for part in await asyncio.gather(*parts) for taken in part]


class Visitor:
    """One session at an address of its own."""

    def __init__(self, shop: dict[str, str], number: int, line: Line) -> None:
        self.shop, self.line = shop, line
        self.body = {"sessionId": f"noise-{number}", "message": QUESTION}
        self.statuses: Counter[int] = Counter()

    @classmethod
    async def open(cls, web: Web, shop: dict[str, str], number: int) -> "Visitor":
        return cls(shop, number, await Line.open(web.port, address=address(number)))

    async def write(self, pause: float, seconds: float, *, delay: float) -> list[float]:
        """Write every ``pause`` seconds; how long each answer took that came."""
        until, taken = time.monotonic() + seconds, []
        await asyncio.sleep(delay)
        while (started := time.monotonic()) < until:
            status, answer = await self.line.ask(
                "POST",
                f"/api/widgets/{self.shop['id']}/chat",
                token=self.shop["token"],
                body=self.body,
            )
            self.statuses[status] += 1
            if status == 200 and json.loads(answer)["message"]:
                taken.append(time.monotonic() - started)
            await asyncio.sleep(max(0.0, started + pause - time.monotonic()))
        return taken
