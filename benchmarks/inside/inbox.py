"""``python -m benchmarks.inside.inbox MESSAGES``: what lists and searches take among so many.

Fills an empty database with the messages of one tenant that has most of them and thirty that share
the rest. Prints ``{"messages", "times": {act: {tenant: [seconds, …]}}, "plans": {name: lines}}``.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from benchmarks.inside import filling
from conversations import contact_queries, queries, search
from conversations.inbox import NOBODY, Filters, inbox
from conversations.models import Conversation
from tenants.scope import tenant_scope

REPEATS = 30
# Words of the filling, by how many messages hold them.
QUESTIONS = {
    "search: a word in most messages": "w0",
    "search: in one of twenty": "w40",
    "search: in a few hundred": "w9000",
    "search: in none": "nothing",
    "search: two words": "w0 w9000",
    "search: the beginning of a word": "w12",
    "search: in every second old message": filling.OLD,
}
LIMITS = ("2000", "51")
LONGEST_LINE = 160
INNER = re.compile(r"\$sql\$(.*?)\$sql\$", re.DOTALL)

Act = Callable[[], Any]


def acts() -> dict[str, Act]:
    """What is measured, by name; each runs in a tenant's scope."""
    some = Conversation.objects.order_by("-updated_at")[20].pk
    contact = Conversation.objects.get(pk=some).contact_id
    later = inbox(size=100).next_cursor
    return {
        "list: all": inbox,
        "list: the third page": lambda: inbox(cursor=later),
        "list: open ones": _listing(statuses=["open"]),
        "list: waiting for a person": _listing(owners=["waiting"]),
        "list: nobody's": _listing(assignees=[NOBODY]),
        "list: urgent and unread": _listing(priorities=[4], is_unread=True),
        "list: by priority": lambda: inbox(sort="priority"),
        "messages of one": lambda: queries.history(some),
        "contacts: the newest": contact_queries.newest_contacts,
        "contacts: by name": contact_queries.contacts_by_name,
        "contacts: a name": lambda: contact_queries.contacts_called("person 77"),
        "conversations of a contact": _listing(contact=contact),
        "conversations with a word": lambda: search.conversation_ids("w9000"),
        **{name: _searching(words) for name, words in QUESTIONS.items()},
    }


def _listing(**filters: Any) -> Act:
    return lambda: inbox(Filters(**filters))


def _searching(words: str) -> Act:
    return lambda: search.messages(words)


def measure(tenant_id: Any) -> dict[str, list[float]]:
    with tenant_scope(tenant_id):
        found = acts()
    return {name: [_time(tenant_id, act) for _ in range(REPEATS)] for name, act in found.items()}


def _time(tenant_id: Any, act: Act) -> float:
    started = time.monotonic()
    with tenant_scope(tenant_id):
        act()
    return time.monotonic() - started


def plans(tenant_id: Any) -> dict[str, list[str]]:
    """Of each act the longest statement, as the confined role has it planned."""
    shown = {}
    with tenant_scope(tenant_id):
        for name, act in acts().items():
            with CaptureQueriesContext(connection) as captured:
                act()
            asked = max(captured, key=lambda query: float(query["time"]))["sql"]
            if name not in QUESTIONS and "conversations_search" not in asked:
                shown[name] = _explained(connection, asked)
    return shown | _inner_plans(tenant_id)


def _inner_plans(tenant_id: Any) -> dict[str, list[str]]:
    """Of the statements in the search's function, which runs as the owner."""
    owner, shown = connections["owner"], {}
    with owner.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'conversations_search'")
        ((source,),) = cursor.fetchall()
    for name, words in QUESTIONS.items():
        for number, statement in enumerate(INNER.findall(source)):
            asked = _words(owner, words, tenant_id)
            values = [asked, f"'{tenant_id}'::uuid", f"'{search.NEWEST}'::uuid", LIMITS[number]]
            for place, value in enumerate(values, 1):
                statement = statement.replace(f"${place}", value)
            statement = statement.replace("%I", "conversations_message")
            shown[f"{name}, statement {number + 1}"] = _explained(owner, statement)
    return shown


def _words(owner: Any, words: str, tenant_id: Any) -> str:
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT quote_literal(conversations_words(%s, '') && quote_literal(%s)::tsquery)",
            [words, str(tenant_id)],
        )
        ((asked,),) = cursor.fetchall()
    return f"{asked}::tsquery"


def _explained(connection: Any, statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement.replace('%', '%%')}", ())
        return [line[:LONGEST_LINE] for (line,) in cursor.fetchall()]


def main(messages: int) -> dict[str, Any]:
    large, small = filling.fill(messages)
    times: dict[str, dict[str, list[float]]] = {}
    for size, tenant_id in (("small", small), ("large", large)):
        for name, taken in measure(tenant_id).items():
            times.setdefault(name, {})[size] = taken
    return {"messages": messages, "times": times, "plans": plans(large)}


if __name__ == "__main__":
    json.dump(main(int(sys.argv[1])), sys.stdout)
