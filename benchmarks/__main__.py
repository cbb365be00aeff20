"""``python -m benchmarks [PART] …``: measures this machine, in all parts or in these."""

import sys
from typing import Any

from benchmarks import chat, crowd, fanout, herd, inbox, noisy, report, stalled, streaming
from benchmarks.processes import Product, product

NOWHERE = "redis://127.0.0.1:1/0"


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise SystemExit(f"Choose from: {', '.join(PARTS)}.")
    report.heading()
    with product() as running:
        for name, part in PARTS.items():
            if not wanted or name in wanted:
                part(running)


def _fanout(running: Product) -> None:
    ours = fanout.of_product(running)
    report.fanout(ours, fanout.of_bare(running, frame_bytes=ours.frame_bytes))


def _chat(running: Product) -> None:
    running.wait_for_knowledge()
    report.chat(chat.overhead(running))
    report.rush(chat.rush(running), visitors=chat.RUSH)


def _costs(running: Product) -> None:
    # Without Redis the worker is not told, and leaves the turns alone.
    report.costs(running.inside("verbs", given=running.demo, REDIS_URL=NOWHERE))


def _herd(running: Product) -> None:
    report.herd(herd.of_product(running))


def _crowd(running: Product) -> None:
    report.crowd(crowd.of_product(running))


def _stalled(running: Product) -> None:
    report.stalled(stalled.of_product(running))


def _noisy(running: Product) -> None:
    report.noisy(noisy.of_product(running))


def _inbox(running: Product) -> None:
    report.inbox(inbox.of_database(running))


def _streaming(running: Product) -> None:
    running.wait_for_knowledge()
    report.streaming(streaming.of_product(running))


# Sockets first: a process that has answered questions shows less clearly what they weigh. Streaming
# last: it gives the demo's assistant another engine.
PARTS: dict[str, Any] = {
    "fanout": _fanout,
    "chat": _chat,
    "costs": _costs,
    "stalled": _stalled,
    "crowd": _crowd,
    "herd": _herd,
    "noisy_neighbour": _noisy,
    "inbox": _inbox,
    "streaming": _streaming,
}

if __name__ == "__main__":
    main(sys.argv[1:])
