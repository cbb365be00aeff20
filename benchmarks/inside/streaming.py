"""``python -m benchmarks.inside.streaming URL MODEL COUNT``: so many questions at once.

Prints for each how many seconds passed until its answer was posted.
"""

import json
import sys
import time
from uuid import UUID

from assistants.models import Assistant, Provider
from assistants.versions import create_version, publish
from benchmarks.inside import demo
from conversations import engine
from conversations.models import Turn, TurnState
from conversations.sessions import continue_session
from tenants.models import Tenant
from tenants.scope import tenant_scope

QUESTION = "Where does LiveChat keep its data?"
PATIENCE_SECONDS = 60.0


def measure(url: str, model: str, count: int) -> list[float]:
    tenant = demo.tenant()
    _let_model_answer(tenant, url, model)
    asked = [_ask(tenant) for _ in range(count)]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answered := _answered(tenant, asked)) is None:
        if time.monotonic() > deadline:
            raise SystemExit("The answers do not come.")
        time.sleep(0.1)
    return answered


def _let_model_answer(tenant: Tenant, url: str, model: str) -> None:
    with tenant_scope(tenant.id):
        provider, _ = Provider.objects.get_or_create(
            tenant_id=tenant.id, name="Models", kind=Provider.Kind.COMPATIBLE, base_url=url
        )
        assistant: Assistant = demo.assistant()
        publish(create_version(assistant, engine="model", provider_id=provider.pk, model=model))


def _ask(tenant: Tenant) -> UUID:
    with tenant_scope(tenant.id):
        session = continue_session(demo.visitor())
        received = engine.receive_message(session, text=QUESTION, assistant=demo.assistant())
    return received.conversation_id


def _answered(tenant: Tenant, asked: list[UUID]) -> list[float] | None:
    """How long each answer took, once all are there."""
    with tenant_scope(tenant.id):
        turns = list(Turn.objects.filter(conversation_id__in=asked))
    if any(turn.finished_at is None for turn in turns):
        return None
    failed = [turn.reason for turn in turns if turn.state != TurnState.ANSWERED]
    if failed:
        raise SystemExit(f"{len(failed)} answers failed: {failed[0]}")
    return [(turn.finished_at - turn.created_at).total_seconds() for turn in turns]


if __name__ == "__main__":
    url, model, count = sys.argv[1:]
    json.dump(measure(url, model, int(count)), sys.stdout)
