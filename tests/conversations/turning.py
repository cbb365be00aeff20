"""A tenant's turns: the newest one, what becomes of it, and what was answered."""

from datetime import UTC, datetime, timedelta

from assistants.events import Reply, Usage
from conversations import answers
from conversations.models import Message, Turn
from tenants.scope import tenant_scope

ANSWER = Reply(text="It costs ten.", citations=({"title": "Prices"},), choices=(), confidence=0.9)


def only_turn(tenant):
    with tenant_scope(tenant.id):
        return Turn.objects.latest("question_seq").id


def lapse(tenant, turn_id):
    with tenant_scope(tenant.id):
        Turn.objects.filter(pk=turn_id).update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


def commit(held, reply=ANSWER):
    return answers.commit(held, reply, usage=Usage(model="knowledge"))


def answered(tenant):
    with tenant_scope(tenant.id):
        return list(Message.objects.filter(author_kind="assistant").values_list("text", flat=True))
