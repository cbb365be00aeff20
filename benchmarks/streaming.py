"""A hundred answers that a language model streams at once, through one worker process."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from benchmarks.percentiles import Summary, summary
from benchmarks.processes import HOST, ROOT, Product, child_of, resident_kib
from tests.model_server import SERVER, node

ANSWERS = 100
MODEL = "streams"
FIXTURES = ROOT / "benchmarks" / "streams.json"
READY_SECONDS = 20


@dataclass(frozen=True)
class Streaming:
    """Seconds from a question's commit to its answer's, and of the same streams read bare."""

    product: Summary
    bare: Summary
    cpu_ms: float
    worker_mib: float


def of_product(product: Product) -> Streaming:
    with _model_server(product):
        url = f"http://{HOST}:{product.model_port}/v1"
        bare = asyncio.run(_bare(url))
        # The first answers load the libraries, which is paid once.
        product.inside("streaming", url, MODEL, "2")
        before = product.cpu_seconds().get("worker", 0.0)
        ours = product.inside("streaming", url, MODEL, str(ANSWERS))
        spent = product.cpu_seconds().get("worker", 0.0) - before
        mib = resident_kib(product.pids["worker"]) / 1024
    return Streaming(summary(ours), summary(bare), 1000 * spent / ANSWERS, mib)


async def _bare(url: str) -> list[float]:
    """How long each of as many streams takes for a client that only reads."""
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "?"}]}
    limits = httpx2.Limits(max_connections=ANSWERS)
    async with httpx2.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:

        async def read() -> float:
            begun = time.monotonic()
            async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
                async for _ in answer.aiter_raw():
                    pass
            return time.monotonic() - begun

        return list(await asyncio.gather(*(read() for _ in range(ANSWERS))))


@contextmanager
def _model_server(product: Product) -> Iterator[None]:
    found = node()
    if found is None or not SERVER.exists():
        raise SystemExit("The models' server is absent: install Node.")
    words = [found, str(SERVER), "--port", str(product.model_port), "--fixtures", str(FIXTURES)]
    with child_of(words, env=product.env, log=product.folder / "models.log"):
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(product.model_port):
            if time.monotonic() > deadline:
                raise SystemExit("The models' server does not start.")
            time.sleep(0.1)
        yield


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://{HOST}:{port}/v1/models", trust_env=False).status_code < 500
    except httpx2.HTTPError:
        return False
