"""Visitors who ask, read the answer and ask again; of the product or of the bare engine."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count as counted

# What the documentation answers; a question that it does not would end with a handover.
QUESTIONS = (
    "How do I choose the port and the address?",
    "In which folder are the data kept?",
    "How long are data kept?",
    "How do I rotate a token without an outage?",
    "Which kind of source should I choose?",
    "What happens when a worker dies?",
    "How do I change the greeting?",
    "How do I write an FAQ?",
)

Ask = Callable[[int, str], Awaitable[None]]


async def visit(ask: Ask, *, visitors: int, seconds: float, pause: float) -> list[float]:
    """Return how long each answer took, in seconds; each visitor's first is not counted.

    Visitors begin one after the other, and read for ``pause`` seconds before they go on.
    """
    end = time.monotonic() + pause + seconds
    taken: list[float] = []

    async def one(index: int) -> None:
        await asyncio.sleep(pause * index / visitors)
        for number in counted(index):
            started = time.monotonic()
            await ask(index, QUESTIONS[number % len(QUESTIONS)])
            if number > index:
                taken.append(time.monotonic() - started)
            if time.monotonic() + pause > end:
                return
            await asyncio.sleep(pause)

    await asyncio.gather(*(one(index) for index in range(visitors)))
    return taken
