"""``python -m benchmarks.inside.verbs``: what each act of a message asks of PostgreSQL.

Prints ``{act: [statements, round trips]}``. A round trip is counted where the server reports that
it is ready again, so that BEGIN and COMMIT count too.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from assistants.engines import knowledge
from assistants.events import Reply, Usage
from benchmarks.inside import demo
from conversations import answers, engine, replies, turns
from conversations.models import Turn
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope
from widgets.callers import Caller
from widgets.chat import Asked, ask

READY = "ReadyForQuery"
QUESTION = "In which folder are the data kept?"
ANSWER = Reply(text="In the folder var.")

Costs = dict[str, tuple[int, int]]


class Counter:
    """Runs acts as requests do, in a thread with a pooled connection, and counts."""

    def __init__(self) -> None:
        self.costs: Costs = {}

    async def __call__(self, name: str, act: Callable[[], Any]) -> Any:
        self.costs[name], result = await run_in_db_thread(_count, act)
        return result


def _count(act: Callable[[], Any]) -> tuple[tuple[int, int], Any]:
    framing = ("BEGIN", "COMMIT")
    with tempfile.NamedTemporaryFile() as trace, CaptureQueriesContext(connection) as captured:
        wire = connection.connection.pgconn
        wire.trace(trace.fileno())
        result = act()
        wire.untrace()
        trips = Path(trace.name).read_text(errors="replace").count(READY)
    statements = sum(not query["sql"].startswith(framing) for query in captured)
    return (statements, trips), result


async def measure(count: Counter, token: str) -> Costs:
    tenant = await run_in_db_thread(demo.tenant)
    label = str(demo.uuid7())
    put = partial(_ask, Caller(widget_id=str(tenant.id), token=token), label)
    await count("first message of a session", put)
    asked: Asked = await count("store a visitor's message", put)
    received = asked.received
    turn_id = await run_in_db_thread(_turn, tenant.id)
    held = await count("claim the turn", partial(turns.claim, tenant.id, turn_id))
    search = partial(knowledge.find, held.question.version, QUESTION)
    # The first one reads all vectors, which are kept from then on.
    await run_in_db_thread(search)
    await count("search the knowledge", search)
    commit = partial(answers.commit, held, ANSWER, usage=Usage(model="knowledge"))
    await count("commit the answer", commit)
    look = partial(replies.outcome, tenant.id, received.conversation_id, received.seq)
    await count("read the outcome", look)
    conversation_id = await run_in_db_thread(demo.held_conversation)
    await count("post a member's reply", partial(_reply, tenant.id, conversation_id))
    return count.costs


def _ask(caller: Caller, label: str) -> Asked:
    body = {"sessionId": label, "message": QUESTION}
    return ask(caller, lambda: body, attend=lambda tenant_id: None)


def _turn(tenant_id: Any) -> Any:
    with tenant_scope(tenant_id):
        return Turn.objects.latest("created_at").pk


def _reply(tenant_id: Any, conversation_id: Any) -> None:
    member = demo.member()
    with tenant_scope(tenant_id):
        engine.post_reply(engine.team_conversation(conversation_id), member, text="Hello")


async def main() -> Costs:
    token = json.load(sys.stdin)["widgetToken"]
    return await measure(Counter(), token)


if __name__ == "__main__":
    json.dump(asyncio.run(main()), sys.stdout)
