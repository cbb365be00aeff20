"""What a question costs around the engine: POST chat against ``respond()`` in a process."""

import asyncio
import json
from dataclasses import dataclass

from benchmarks.lines import Line
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import Product
from benchmarks.visitors import visit

# People read an answer before they write on. One visitor alone reads fast, to be measured soon.
PAUSES = {1: 0.1, 20: 2.0, 100: 4.0}
SECONDS = {1: 4.0, 20: 12.0, 100: 14.0}
# As many questions as can be answered: twenty visitors who never read.
RUSH = 20
RUSH_SECONDS = 5.0


@dataclass(frozen=True)
class Chat:
    product: Summary
    engine: Summary
    seconds: float
    cpu: dict[str, float]

    @property
    def per_second(self) -> tuple[float, float]:
        return self.product.count / self.seconds, self.engine.count / self.seconds

    @property
    def cpu_ms(self) -> dict[str, float]:
        """What an answer costs each part."""
        return {name: 1000 * seconds / self.product.count for name, seconds in self.cpu.items()}


def overhead(product: Product) -> dict[int, Chat]:
    return {
        visitors: _compare(product, visitors, seconds=SECONDS[visitors], pause=PAUSES[visitors])
        for visitors in PAUSES
    }


def rush(product: Product) -> Chat:
    return _compare(product, RUSH, seconds=RUSH_SECONDS, pause=0.0)


def _compare(product: Product, visitors: int, *, seconds: float, pause: float) -> Chat:
    words = [str(value) for value in (visitors, seconds, pause)]
    engine = product.inside("engine", *words)
    before = product.cpu_seconds()
    ours = asyncio.run(_visit(product, visitors, seconds=seconds, pause=pause))
    cpu = {name: after - before[name] for name, after in product.cpu_seconds().items()}
    return Chat(summary(ours), summary(engine), seconds, cpu)


async def _visit(product: Product, visitors: int, *, seconds: float, pause: float) -> list[float]:
    pages = [await Page.open(product, f"{seconds}-{pause}-{index}") for index in range(visitors)]

    async def ask(index: int, question: str) -> None:
        await pages[index].ask(question)

    try:
        return await visit(ask, visitors=visitors, seconds=seconds, pause=pause)
    finally:
        for page in pages:
            page.close()


class Page:
    """One visitor's browser."""

    def __init__(self, product: Product, name: str, line: Line) -> None:
        self.demo, self.name, self.line = product.demo, name, line

    @classmethod
    async def open(cls, product: Product, name: str) -> "Page":
        return cls(product, name, await Line.open(product.port))

    async def ask(self, question: str) -> None:
        status, answer = await self.line.ask(
            "POST",
            f"/api/widgets/{self.demo['tenantId']}/chat",
            token=self.demo["widgetToken"],
            body={"sessionId": self.name, "message": question},
        )
        if status != 200 or not json.loads(answer)["message"]:
            raise SystemExit(f"{question!r} was answered with {status} {answer.decode()}")

    def close(self) -> None:
        self.line.close()
