"""The log-ins of one member, as the member sees and ends them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from tenants import audit
from tenants.errors import NotFound
from tenants.ids import parse_uuid
from tenants.models import LoginSession
from tenants.sessions import MemberGrant, live_sessions


def of_member(membership_id: UUID) -> QuerySet[LoginSession]:
    """Those that may still go on, in no order."""
    oldest = datetime.now(UTC) - settings.REFRESH_TOKEN_IDLE
    return live_sessions().filter(membership=membership_id, rotated_at__gt=oldest)


def session_data(session: LoginSession, grant: MemberGrant) -> dict[str, Any]:
    return {
        "id": str(session.id),
        "current": session.id == grant.session_id,
        "userAgent": session.user_agent,
        "ip": session.ip,
        "createdAt": session.created_at,
        "lastUsedAt": session.rotated_at,
        "expiresAt": session.expires_at,
    }


def end(grant: MemberGrant, session_id: object) -> None:
    """End one of the member's own, in their tenant's scope. Raises NotFound for any other."""
    known = parse_uuid(session_id)
    if known is None or not _end(of_member(grant.membership_id).filter(pk=known), grant):
        raise NotFound("Session not found.", code="session_not_found")


def end_others(grant: MemberGrant) -> None:
    """End all of the member's own but the one that asks, in their tenant's scope."""
    _end(of_member(grant.membership_id).exclude(pk=grant.session_id), grant)


def _end(rows: QuerySet[LoginSession], grant: MemberGrant) -> int:
    ended = rows.update(revoked_at=datetime.now(UTC))
    if ended:
        details = {"sessions": ended}
        audit.record("member.sessions_ended", actor=grant.email, details=details)
    return ended
