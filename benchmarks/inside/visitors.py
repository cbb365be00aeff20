"""``python -m benchmarks.inside.visitors COUNT``: visitors of the demo's bubble who wrote once.

Prints for each what its socket says to go on: ``{"sessionId", "sessionSecret", "conversationId"}``.
"""

import json
import sys

from benchmarks.inside import demo
from conversations import engine
from conversations.sessions import Visitor, continue_session, secret_of
from tenants.models import Tenant
from tenants.scope import tenant_scope
from widgets.models import Bubble


def visitors(count: int) -> list[dict[str, str]]:
    tenant = demo.tenant()
    return [_visitor(tenant, number) for number in range(count)]


def _visitor(tenant: Tenant, number: int) -> dict[str, str]:
    with tenant_scope(tenant.id):
        bubble = Bubble.objects.get(is_default=True)
        session = continue_session(Visitor(source_id=bubble.id, label=f"herd-{demo.uuid7()}"))
        received = engine.receive_message(session, text="Hello", assistant=demo.assistant())
        return {
            "sessionId": session.label,
            "sessionSecret": secret_of(session),
            "conversationId": str(received.conversation_id),
        }


if __name__ == "__main__":
    json.dump(visitors(int(sys.argv[1])), sys.stdout)
