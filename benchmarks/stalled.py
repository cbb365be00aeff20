"""A hundred sockets that do not read what they are sent, beside fifty that do."""

import json
import selectors
import socket
import time
from dataclasses import dataclass

from benchmarks.fanout import WARM_UP, delays
from benchmarks.listening import Listeners
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import HOST, Product, resident_kib
from benchmarks.websocket import client_frame, handshake

STALLED, READERS = 100, 50
# Twice as many bytes, of which the system itself keeps the first two or three million.
BROADCASTS, CHARACTERS, PAUSE_SECONDS = 350, 7500, 0.03
DRAIN_SECONDS = 10.0
PATH = "/api/ws/tenant"
SMALL_WINDOW = 4096


@dataclass(frozen=True)
class Stalled:
    """What the readers wait for while the others read as well, and while they do not."""

    beside_readers: Summary
    beside_stalled: Summary
    lost: int
    mib: float
    still_open: int


def of_product(
    product: Product, *, stalled: int = STALLED, broadcasts: int = BROADCASTS
) -> Stalled:
    tokens = product.inside("members", str(READERS))

    def listen(count: int) -> Listeners:
        return Listeners(port=product.port, path=PATH, count=count, tokens=tokens)

    others = listen(stalled)
    calm, lost_before = _broadcast(product, listen(READERS), broadcasts)
    others.hear(broadcasts)
    before = resident_kib(product.pids["web"])
    silent = [_stall(product.port, tokens[number % READERS]) for number in range(stalled)]
    measured, lost = _broadcast(product, listen(READERS), broadcasts)
    mib = (resident_kib(product.pids["web"]) - before) / 1024
    still_open = _still_open(silent)
    for each in silent:
        each.close()
    return Stalled(calm, measured, lost_before + lost, mib, still_open)


def _broadcast(product: Product, readers: Listeners, count: int) -> tuple[Summary, int]:
    words = (str(count), str(PAUSE_SECONDS), str(CHARACTERS))
    sent = product.inside("posting", *words)
    heard = readers.hear(count)
    lost = count * READERS - sum(map(len, heard.arrivals.values()))
    return summary(delays(sent, heard, skip=WARM_UP)), lost


def _stall(port: int, token: str) -> socket.socket:
    """A socket that was let in, and never reads again."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
    connection.settimeout(20)
    connection.connect((HOST, port))
    connection.sendall(handshake(HOST, port, PATH))
    _read_until(connection, b"\r\n\r\n")
    connection.sendall(client_frame(json.dumps({"type": "auth", "token": token}).encode()))
    _read_until(connection, b"auth:ok")
    return connection


def _read_until(connection: socket.socket, mark: bytes) -> None:
    received = b""
    while mark not in received:
        chunk = connection.recv(1024)
        if not chunk:
            raise SystemExit(f"The server closed a socket: {received!r}")
        received += chunk


def _still_open(connections: list[socket.socket]) -> int:
    """How many the server still holds: what it sent before can be read, but not to an end."""
    until = time.monotonic() + DRAIN_SECONDS
    with selectors.DefaultSelector() as selector:
        for each in connections:
            each.setblocking(False)
            selector.register(each, selectors.EVENT_READ, each)
        while selector.get_map() and time.monotonic() < until:
            for key, _ in selector.select(0.5):
                if _has_ended(key.data):
                    selector.unregister(key.data)
        return len(selector.get_map())


def _has_ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1024 * 1024)
    except BlockingIOError:
        return False
    except OSError:
        return True
