"""``python -m benchmarks.inside.shops NAME …``: tenants with all limits, which know the demo's FAQ.

Prints for each ``{"id", "token"}``, where ``token`` is its bubble's.
"""

import json
import sys

from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import KnowledgeSource
from assistants.versions import create_assistant
from benchmarks.inside import demo
from tenants.models import Tenant
from tenants.scope import tenant_scope
from widgets.bubbles import create_bubble, current_token

FAQ = [{"question": "Do you ship to Norway?", "answer": "We ship to all of Europe."}]


def open_shop(name: str) -> dict[str, str]:
    tenant = Tenant.objects.create(name=name, slug=f"{name}-{demo.uuid7().hex[-12:]}")
    with tenant_scope(tenant.id):
        assistant = create_assistant("Ada", is_default=True)
    bubble = create_bubble(tenant, assistant, name="Shop", is_default=True)
    with tenant_scope(tenant.id):
        source = add_source(assistant, kind=KnowledgeSource.Kind.FAQ, title="Help", content=FAQ)
    ingest(source)
    with tenant_scope(tenant.id):
        token = current_token(bubble)
    return {"id": str(tenant.id), "token": token}


if __name__ == "__main__":
    json.dump([open_shop(name) for name in sys.argv[1:]], sys.stdout)
