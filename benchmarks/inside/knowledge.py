"""``python -m benchmarks.inside.knowledge``: whether the demo's knowledge has been read."""

import json
import sys

from assistants.models import KnowledgeSource
from benchmarks.inside import demo
from tenants.scope import tenant_scope


def is_ready() -> bool:
    with tenant_scope(demo.tenant().id):
        return not KnowledgeSource.objects.exclude(status=KnowledgeSource.Status.READY).exists()


if __name__ == "__main__":
    json.dump(is_ready(), sys.stdout)
