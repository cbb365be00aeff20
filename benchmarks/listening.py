"""Many sockets in a process of their own, which note when each broadcast arrived."""

import asyncio
import gc
import json
import multiprocessing
import os
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import uvloop

from benchmarks.processes import HOST
from benchmarks.websocket import Socket, connect

# What a broadcast's text begins with; its number follows in six digits.
MARK = b"broadcast "
DIGITS = 6
AT_ONCE = 25
GOT_IN = b'"auth:ok"'
PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.1


@dataclass
class Plan:
    host: str
    port: int
    path: str
    count: int
    tokens: list[str]


@dataclass
class Heard:
    """Seconds of the monotonic clock at which each broadcast reached each socket."""

    arrivals: dict[int, list[float]] = field(default_factory=dict)
    frame_bytes: int = 0

    def note(self, payload: bytes) -> None:
        now = time.monotonic()
        at = payload.find(MARK)
        if at >= 0:
            number = int(payload[at + len(MARK) : at + len(MARK) + DIGITS])
            self.arrivals.setdefault(number, []).append(now)
            self.frame_bytes = len(payload)


class Listeners:
    """``count`` sockets; with ``tokens`` each says one in its first frame, in turn."""

    def __init__(
        self, *, port: int, path: str, count: int, tokens: list[str] | None = None
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        plan = Plan(HOST, port, path, count, tokens or [])
        self._process = context.Process(target=_main, args=(theirs, plan), daemon=True)
        self._process.start()
        self._expect("ready", seconds=60)

    def hear(self, broadcasts: int) -> Heard:
        """Wait until all sockets have heard so many broadcasts, or none comes any more."""
        self._pipe.send(broadcasts)
        heard = self._expect(Heard, seconds=PATIENCE_SECONDS + 10)
        self._process.join(5)
        return heard

    def _expect(self, wanted: object, *, seconds: float) -> Heard:
        if not self._pipe.poll(seconds):
            raise TimeoutError("The load client does not answer.")
        answer = self._pipe.recv()
        if answer != wanted and type(answer) is not wanted:
            raise ConnectionError(str(answer))
        return answer


def _main(pipe: Connection, plan: Plan) -> None:
    # A collection in the load client would look like a slow server.
    gc.disable()
    try:
        uvloop.run(_listen(pipe, plan))
    except (OSError, TimeoutError) as error:
        pipe.send(f"{type(error).__name__}: {error}")


async def _listen(pipe: Connection, plan: Plan) -> None:
    heard = Heard()
    sockets: list[Socket] = []
    for start in range(0, plan.count, AT_ONCE):
        batch = range(start, min(start + AT_ONCE, plan.count))
        sockets += await asyncio.gather(*(_open(plan, index, heard) for index in batch))
    pipe.send("ready")
    broadcasts = await _asked(pipe)
    await _until_heard(heard, broadcasts * plan.count)
    pipe.send(heard)
    for socket in sockets:
        socket.close()


async def _open(plan: Plan, index: int, heard: Heard) -> Socket:
    entered = asyncio.get_running_loop().create_future()

    def hear(payload: bytes) -> None:
        if GOT_IN in payload and not entered.done():
            entered.set_result(None)

    socket = await connect(plan.host, plan.port, plan.path, hear)
    if plan.tokens:
        token = plan.tokens[index % len(plan.tokens)]
        socket.send(json.dumps({"type": "auth", "token": token}).encode())
        await asyncio.wait_for(entered, PATIENCE_SECONDS)
    socket.hear = heard.note
    return socket


async def _asked(pipe: Connection) -> int:
    """Wait for the parent without a thread or a timer of our own."""
    readable = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(pipe.fileno(), readable.set)
    await readable.wait()
    loop.remove_reader(pipe.fileno())
    # The loop made it non-blocking, which a long answer could not pass.
    os.set_blocking(pipe.fileno(), True)
    return int(pipe.recv())


async def _until_heard(heard: Heard, wanted: int) -> None:
    for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
        if sum(map(len, heard.arrivals.values())) >= wanted:
            return
        await asyncio.sleep(LOOK_SECONDS)
