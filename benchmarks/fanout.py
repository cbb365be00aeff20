"""Commit → sockets, and what an idle socket weighs: the product against a bare application."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.listening import DIGITS, MARK, Heard, Listeners
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import (
    HOST,
    Product,
    child,
    resident_kib,
    wait_until_serving,
)
from benchmarks.websocket import client_frame, handshake
from livechat.embedded.redis import free_port

# The largest first: a process that has had many sockets no longer shows what they weigh.
BROADCASTS = {1000: 150, 100: 150, 1: 300}
PAUSES = {1000: 0.08, 100: 0.04, 1: 0.02}
# The first ones find caches cold on both sides.
WARM_UP = 5
SETTLE_SECONDS = 3.0
MEMBERS = 50
MOST = max(BROADCASTS)

Publish = Callable[[int, float], list[float]]


@dataclass
class FanOut:
    latency: dict[int, Summary] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    socket_kib: float = 0
    frame_bytes: int = 0


def of_product(product: Product) -> FanOut:
    """Sockets of fifty members hear messages that a process beside the web server commits."""
    tokens = product.inside("members", str(MEMBERS))

    def publish(count: int, pause: float) -> list[float]:
        return list(product.inside("posting", str(count), str(pause)))

    def listen(count: int) -> Listeners:
        return Listeners(port=product.port, path="/api/ws/tenant", count=count, tokens=tokens)

    return _measure(product.pids["web"], listen=listen, publish=publish)


def of_bare(product: Product, *, frame_bytes: int) -> FanOut:
    """The same sockets hear frames of the same size from an application that does nothing else."""
    port = free_port()
    log = product.folder / "bare.log"
    with child(["benchmarks.bare", str(port)], env=product.env, log=log) as pid:
        wait_until_serving(port, path="/")

        def publish(count: int, pause: float) -> list[float]:
            return _publish_bare(port, count=count, pause=pause, frame_bytes=frame_bytes)

        def listen(count: int) -> Listeners:
            return Listeners(port=port, path="/", count=count)

        return _measure(pid, listen=listen, publish=publish)


def _measure(pid: int, *, listen: Callable[[int], Listeners], publish: Publish) -> FanOut:
    result = FanOut()
    _round(1, listen=listen, publish=publish)
    for count in BROADCASTS:
        before = resident_kib(pid)
        listeners = listen(count)
        time.sleep(SETTLE_SECONDS)
        if count == MOST:
            result.socket_kib = (resident_kib(pid) - before) / count
        sent = publish(WARM_UP + BROADCASTS[count], PAUSES[count])
        heard = listeners.hear(len(sent))
        result.latency[count] = summary(delays(sent, heard, skip=WARM_UP))
        result.lost[count] = len(sent) * count - sum(map(len, heard.arrivals.values()))
        result.frame_bytes = heard.frame_bytes
    return result


def _round(count: int, *, listen: Callable[[int], Listeners], publish: Publish) -> None:
    """Let a process do once what it is about to be measured by."""
    listeners = listen(count)
    listeners.hear(len(publish(WARM_UP, PAUSES[count])))


def delays(sent: list[float], heard: Heard, *, skip: int) -> list[float]:
    """How long after each commit every frame arrived, but for those of the first ones."""
    return [
        arrived - sent[number]
        for number, arrivals in heard.arrivals.items()
        for arrived in arrivals
        if number >= skip
    ]


def _publish_bare(port: int, *, count: int, pause: float, frame_bytes: int) -> list[float]:
    sent = []
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(handshake(HOST, port, "/publish"))
        connection.recv(4096)
        for number in range(count):
            frame = client_frame(_padded(number, frame_bytes))
            sent.append(time.monotonic())
            connection.sendall(frame)
            time.sleep(pause)
    return sent


def _padded(number: int, frame_bytes: int) -> bytes:
    text = MARK + str(number).zfill(DIGITS).encode()
    return json.dumps({"text": text.decode()}).encode().ljust(frame_bytes)
