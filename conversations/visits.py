"""How long an open socket may go on for a session: until its secret is another, or none."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from conversations.models import VisitorSession
from tenants import access
from tenants.scope import platform_scope

# A secret may have been changed by a transaction that takes this long.
OVERLAP = timedelta(minutes=1)
# For a process that could not reach the database before.
LOOKED_BACK = timedelta(hours=1)


@dataclass(frozen=True)
class SessionGrant:
    """A session's secret was shown; worth nothing once that one opens it no more."""

    tenant_id: UUID
    session_id: UUID
    secret_digest: str


def grant_of(session: VisitorSession) -> SessionGrant:
    return SessionGrant(session.tenant_id, session.id, session.secret_digest)


def ended(grants: Collection[SessionGrant]) -> set[SessionGrant]:
    """Those whose secret was changed since this process looked last.

    By one query, of no more rows than there were changes since then, however many sockets are open.
    """
    global _looked_at
    begun = time.monotonic()
    since = min(LOOKED_BACK, timedelta(seconds=begun - _looked_at) + OVERLAP)
    with platform_scope("find ended sessions"):
        changed = VisitorSession.objects.filter(secret_changed_at__gt=Now() - since)
        now = dict(changed.values_list("id", "secret_digest"))
    _looked_at = begun
    return {
        one for one in grants if now.get(one.session_id, one.secret_digest) != one.secret_digest
    }


_looked_at = 0.0

access.check_by(SessionGrant, ended)
