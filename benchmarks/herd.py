"""A web server dies with a thousand sockets; all come back and go on where they were."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.lines import address
from benchmarks.listening import MARK
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import HOST, Product, Web, child, wait_until_serving
from benchmarks.websocket import Socket, connect
from livechat.embedded.redis import free_port

MEMBERS, VISITORS = 500, 500
LOG_INS = 50
MISSED = 20
# Full jitter, as the clients have it.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
PATIENCE_SECONDS = 40.0


@dataclass
class Herd:
    """Seconds from when the server was up again to when each was back with all it had missed."""

    back: Summary
    last: float
    missing: int
    refusals: Counter[str]
    bare_last: float


def of_product(product: Product, *, members: int = MEMBERS, visitors: int = VISITORS) -> Herd:
    tokens = product.inside("members", str(LOG_INS))
    known = product.inside("visitors", str(visitors))
    token = product.demo["widgetToken"]
    herd = [
        Client("/api/ws/tenant", {"token": tokens[n % LOG_INS]}, n, MISSED) for n in range(members)
    ]
    herd += [Client("/api/ws/chat", {"token": token, **k}, n, 0) for n, k in enumerate(known)]
    bare_last = _bare(product, len(herd))
    with product.another_web(TRUSTED_PROXY_COUNT="1") as web:
        taken = asyncio.run(_restart(product, web, herd))
    refusals = sum((client.refusals for client in herd), Counter[str]())
    return Herd(summary(taken), max(taken), len(herd) - len(taken), refusals, bare_last)


async def _restart(product: Product, web: Web, herd: list["Client"]) -> list[float]:
    for start in range(0, len(herd), LOG_INS):
        await asyncio.gather(*(each.come(web.port) for each in herd[start : start + LOG_INS]))
    web.kill()
    await asyncio.gather(*(each.socket.ended for each in herd))
    await asyncio.to_thread(product.inside, "posting", str(MISSED), "0")
    coming = [asyncio.create_task(each.come_back(web.port)) for each in herd]
    await asyncio.to_thread(web.start)
    up = time.monotonic()
    done, late = await asyncio.wait(coming, timeout=PATIENCE_SECONDS)
    for task in late:
        task.cancel()
    for each in herd:
        each.socket.close()
    return [max(0.0, task.result() - up) for task in done]


@dataclass
class Client:
    """One socket's end, which comes back until it has heard all."""

    path: str
    auth: dict[str, Any]
    number: int
    missed: int
    refusals: Counter[str] = field(default_factory=Counter)
    position: int | None = None
    socket: Socket = field(init=False)
    _heard: int = 0

    async def come(self, port: int) -> None:
        """Connect, and wait until everything that was missed is here."""
        self._is_in, self._heard = asyncio.Event(), 0
        is_return = self.position is not None
        self.socket = await connect(HOST, port, self.path, self._hear, address=address(self.number))
        frame = {"type": "auth", **self.auth}
        if is_return:
            frame["lastEventId"] = self.position
        self.socket.send(json.dumps(frame).encode())
        waiting = asyncio.ensure_future(self._is_in.wait())
        await asyncio.wait([waiting, self.socket.ended], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not self._is_in.is_set():
            raise ConnectionError(f"closed with {self.socket.ended.result()}")

    async def come_back(self, port: int) -> float:
        """The moment at which it was back."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 -- jitter
            try:
                await self.come(port)
                return time.monotonic()
            except ConnectionRefusedError:
                # Nothing listens there yet.
                pass
            except (ConnectionError, OSError) as error:
                self.refusals[str(error).partition("\r\n")[0]] += 1
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _hear(self, payload: bytes) -> None:
        if MARK in payload and b'"message:new"' in payload:
            self._heard += 1
        elif b'"auth:ok"' in payload and self.position is None:
            self.position = json.loads(payload)["data"]["lastEventId"]
            self._is_in.set()
        elif b'"auth:ok"' in payload and not self.missed:
            self._is_in.set()
        if self.missed and self._heard >= self.missed:
            self._is_in.set()


def _bare(product: Product, count: int) -> float:
    """How long as many sockets take to open at an application that does nothing else."""
    port = free_port()
    with child(["benchmarks.bare", str(port)], env=product.env, log=product.folder / "bare.log"):
        wait_until_serving(port, path="/")
        return asyncio.run(_open(port, count))


async def _open(port: int, count: int) -> float:
    started = time.monotonic()

    async def come() -> Socket:
        await asyncio.sleep(random.uniform(0, FIRST_PAUSE_SECONDS))  # noqa: S311 -- jitter
        return await connect(HOST, port, "/", lambda _: None)

    for socket in await asyncio.gather(*(come() for _ in range(count))):
        socket.close()
    return time.monotonic() - started
