"""A hundred sockets that do not read what they are sent, beside fifty that do."""

import json
import socket
import time
from dataclasses import dataclass

from benchmarks.fanout import WARM_UP, delays
from benchmarks.listening import Listeners
from benchmarks.percentiles import Summary, summary
from benchmarks.processes import HOST, Product, resident_kib
from benchmarks.websocket import client_frame, handshake

STALLED, READERS = 100, 50
BROADCASTS, CHARACTERS, PAUSE_SECONDS = 300, 6000, 0.03
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
    still_open = sum(map(_is_open, silent))
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
    connection.sendall(client_frame(json.dumps({"type": "auth", "token": token}).encode()))
    received = b""
    while b"auth:ok" not in received:
        received += connection.recv(1024)
    return connection


def _is_open(connection: socket.socket) -> bool:
    """Whether the server still holds it: what it sent before can be read to an end."""
    connection.settimeout(2)
    until = time.monotonic() + 5
    try:
        while time.monotonic() < until:
            if not connection.recv(1024 * 1024):
                return False
    except TimeoutError:
        return True
    except OSError:
        return False
    return True
