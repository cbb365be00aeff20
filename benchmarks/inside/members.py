"""``python -m benchmarks.inside.members COUNT``: log-ins of as many members, as access tokens."""

import json
import sys
from datetime import UTC, datetime, timedelta

from tenants import sessions
from tenants.ids import uuid7
from tenants.models import LoginSession, Membership, Tenant, User


def tokens(count: int) -> list[str]:
    tenant = Tenant.objects.get(slug="demo")
    # Past the password, which is slow on purpose; from there on the log-in's own way.
    return [sessions._pair(_session(tenant)).access for _ in range(count)]


def _session(tenant: Tenant) -> LoginSession:
    user = User.objects.create_user(f"member-{uuid7()}@benchmark.example")
    member = Membership.objects.create(tenant=tenant, user=user)
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    return LoginSession.objects.create(membership=member, expires_at=expires_at)


if __name__ == "__main__":
    json.dump(tokens(int(sys.argv[1])), sys.stdout)
