"""``python -m benchmarks.inside.engine VISITORS SECONDS PAUSE``: the engine and nothing around it.

Prints how long each answer took, in seconds.
"""

import asyncio
import json
import sys

from assistants.answering import respond
from assistants.events import Reply
from assistants.question import Question
from assistants.versions import VersionSnapshot, snapshot_of
from benchmarks.inside import demo
from benchmarks.visitors import visit
from tenants.scope import tenant_scope


def measure(*, visitors: int, seconds: float, pause: float) -> list[float]:
    with tenant_scope(demo.tenant().id):
        version = demo.assistant().production
        assert version
        snapshot = snapshot_of(version)

    async def ask(index: int, question: str) -> None:
        await answer(snapshot, question)

    return asyncio.run(visit(ask, visitors=visitors, seconds=seconds, pause=pause))


async def answer(version: VersionSnapshot, question: str) -> None:
    events = respond(Question(version, question))
    replies = [event async for event in events if isinstance(event, Reply)]
    assert len(replies) == 1, question


if __name__ == "__main__":
    visitors, seconds, pause = sys.argv[1:]
    times = measure(visitors=int(visitors), seconds=float(seconds), pause=float(pause))
    json.dump(times, sys.stdout)
