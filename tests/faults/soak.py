"""A long run of faults under load: ``make soak SECONDS=1500 SEED=1 FAULTS=200 MESSAGES=100000``.

It goes on until there were that many faults and that many acknowledged messages, or the time is
up; then it proves what must hold and prints the figures. It ends with 1 if anything does not hold.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import uvloop

from tests.faults.clients import until
from tests.faults.crowd import Crowd
from tests.faults.hosts import Clock, small_disk
from tests.faults.nemesis import Nemesis
from tests.faults.product import Product
from tests.faults.stage import Stage

# How often each fault is chosen, against the others.
WEIGHTS = {
    "clients_cut": 6,
    "clients_reset": 6,
    "responses_dropped": 6,
    "clients_in_black_hole": 3,
    "clients_delayed": 3,
    "database_cut": 5,
    "database_in_black_hole": 2,
    "database_delayed": 3,
    "database_away": 2,
    "redis_cut": 4,
    "redis_in_black_hole": 2,
    "redis_slow": 2,
    "redis_away": 2,
    "web_killed": 4,
    "web_stopped": 3,
    "web_frozen": 2,
    "worker_killed": 4,
    "worker_stopped": 3,
    "worker_frozen": 2,
    "postgres_restarted": 3,
    "postgres_killed": 2,
    "postgres_frozen": 2,
    "backends_terminated": 5,
    "redis_killed": 3,
    "redis_frozen": 3,
    "redis_flushed": 5,
    "redis_clients_killed": 5,
}
MACHINE_WEIGHTS = {"disk_full": 2, "clock_jumped": 3}
TELL_EVERY_SECONDS = 30
LONGEST_QUIET_SECONDS = 10
# Between two questions of one caller: what they cost would leave no room for many messages.
THINK_SECONDS = 2.0


class Soak:
    """One run, and what it has come to so far."""

    def __init__(self, crowd, nemesis, *, weights, wanted):
        self.crowd, self.nemesis = crowd, nemesis
        self.weights, self.wanted = weights, wanted
        self.faults = Counter()
        self.slowest = {}
        self.begun = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.begun

    @property
    def acknowledged(self):
        return sum(len(history.confirmed) for history in self.crowd.histories.values())

    @property
    def is_done(self):
        enough = (
            self.faults.total() >= self.wanted.faults and self.acknowledged >= self.wanted.messages
        )
        return enough or self.seconds > self.wanted.seconds

    async def run(self):
        told = 0.0
        async with self.crowd.busy():
            self.begun = time.monotonic()
            while not self.is_done:
                await self._break_something()
                await self._let_talk()
                if self.seconds - told > TELL_EVERY_SECONDS:
                    told = self.seconds
                    say(
                        f"{told:5.0f} s: {self.faults.total()} faults, {self.acknowledged} messages"
                    )
        return self.crowd.check()

    def figures(self, checker):
        histories = self.crowd.histories.values()
        feeds = self.crowd.feeds()
        sent = [one for history in histories for one in history.sent]
        unsure = [one for one in sent if one.unknown]
        return {
            "seconds": round(self.seconds),
            "faults": self.faults.total(),
            "faults by kind": dict(self.faults.most_common()),
            "acknowledged": self.acknowledged,
            "sent, and not known whether stored": len(unsure),
            "of these resolved": sum(one.ack is not None for one in unsure),
            "violations": dict(checker.kinds),
            "events told": sum(len(feed.events) for feed in feeds),
            "told again": sum(feed.repeats for feed in feeds),
            "resyncs": sum(feed.resyncs for feed in feeds),
            "lost connections": sum(history.losses.total() for history in histories),
            "answers by status": dict(sum((one.statuses for one in histories), Counter())),
            "refusals": dict(sum((one.refusals for one in histories), Counter())),
            "questions": checker.turns,
            "slowest question, seconds": round(checker.slowest_turn, 1),
            "slowest recovery, seconds": self.slowest,
        }

    async def _let_talk(self):
        """Break nothing for a while, if there are fewer messages than the faults' share of them."""
        share = self.wanted.messages * self.faults.total() / self.wanted.faults
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_QUIET_SECONDS):
                await until(lambda: self.acknowledged >= share)

    async def _break_something(self):
        (fault,) = self.nemesis.random.choices([*self.weights], [*self.weights.values()])
        await getattr(self.nemesis, fault)()
        self.faults[fault] += 1
        await self.crowd.stage.revive()
        seconds = await self.crowd.recovered(fault)
        self.slowest[fault] = round(max(seconds, self.slowest.get(fault, 0.0)), 1)


async def soak(product, wanted, clock, disk):
    stage = Stage(product, clock=clock, disk=disk)
    weights = WEIGHTS | {
        name: weight
        for name, weight in MACHINE_WEIGHTS.items()
        if {"disk_full": disk, "clock_jumped": clock}[name]
    }
    tenants = product.tenants("Acme", "Globex")
    crowd = Crowd(stage, tenants, writers=wanted.writers, askers=4, think=THINK_SECONDS)
    nemesis = Nemesis(stage, random.Random(wanted.seed))
    run = Soak(crowd, nemesis, weights=weights, wanted=wanted)
    try:
        await stage.start()
        return run.figures(checker := await run.run()), checker.violations
    finally:
        await stage.stop()


def main():
    wanted = read_arguments()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    say(f"seed {wanted.seed}")
    with tempfile.TemporaryDirectory(prefix="livechat-soak-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        clock = Clock.of(folder)
        with small_disk(folder) as disk:
            if clock is None:
                say("No clock is set wrong: libfaketime is not installed.")
            if disk is None:
                say("No disk is filled: only root may mount one.")
            product = Product(folder)
            try:
                product.start()
                figures, violations = uvloop.run(soak(product, wanted, clock, disk))
            finally:
                product.stop()
    say(json.dumps(figures, indent=2))
    for violation in violations[:50]:
        say(f"VIOLATION: {violation}")
    if violations:
        say(f"Run it again with SEED={wanted.seed}.")
    return 1 if violations else 0


def read_arguments():
    parser = argparse.ArgumentParser(description="Breaks a LiveChat of its own, again and again.")
    for name, default in {
        "seconds": 1500,
        "seed": int(time.time()),
        "faults": 200,
        "messages": 100_000,
        "writers": 30,
    }.items():
        value = int(os.environ.get(name.upper(), default))
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
