"""Members' log-ins: short access tokens, refresh tokens that descend from each other, one row each.

A token's signature is never enough: every use looks at the session's row, so that log-out, a
changed role or a suspended tenant takes effect at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet

from tenants import audit, tokens
from tenants.credentials import tenant_suspended
from tenants.errors import Unauthorized
from tenants.ids import parse_uuid
from tenants.models import LoginSession, Membership, User
from tenants.scope import tenant_scope
from tenants.tokens import invalid_credentials

# Two tabs may refresh with the same token at once; both get the same child.
SAME_CHILD = timedelta(seconds=10)


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str


@dataclass(frozen=True)
class MemberGrant:
    """What a verified access token allows; plain data that outlives the request."""

    tenant_id: UUID
    user_id: UUID
    membership_id: UUID
    session_id: UUID
    role: str
    email: str
    name: str
    expires_at: datetime
    tenant_is_demo: bool


def log_in(
    *,
    email: str,
    password: str,
    tenant_id: str | None = None,
    ip: str | None = None,
    user_agent: str = "",
) -> TokenPair:
    """Open a session for a member.

    Raises Unauthorized: ``invalid_credentials``, or ``tenant_required`` with the list to choose
    from; Forbidden for a suspended tenant.
    """
    membership = _choose(_authenticate(email, password), tenant_id)
    if membership.tenant.is_suspended:
        raise tenant_suspended()
    now = datetime.now(UTC)
    with tenant_scope(membership.tenant_id):
        session = LoginSession.objects.create(
            membership=membership,
            expires_at=now + settings.REFRESH_TOKEN_LIFETIME,
            user_agent=user_agent[:300],
            ip=ip,
        )
        audit.record("member.logged_in", actor=membership.user.email, ip=ip)
    return _pair(session)


def refresh(text: str) -> TokenPair:
    """Exchange a refresh token for its child. Raises Unauthorized; a token used late ends all."""
    claims = tokens.read(text, token_type=tokens.REFRESH)
    with transaction.atomic():
        session = _sessions().select_for_update(of=("self",)).filter(pk=claims["sid"]).first()
        if session is None or not _is_live(session):
            raise invalid_credentials()
        child = _child(session, claims["gen"])
    if child is None:
        end(session)
        raise invalid_credentials()
    return child


def log_out(text: str) -> None:
    """End the session that a refresh token belongs to."""
    claims = tokens.read(text, token_type=tokens.REFRESH)
    if session := _sessions().filter(pk=claims["sid"], revoked_at=None).first():
        end(session)


def verify_access(text: str) -> MemberGrant:
    """Who is calling, in one query. Raises Unauthorized, or Forbidden for a suspended tenant."""
    claims = tokens.read(text, token_type=tokens.ACCESS)
    session = _sessions().filter(pk=claims["sid"]).first()
    if session is None or not _is_live(session) or session.membership.role != claims["role"]:
        raise invalid_credentials()
    membership = session.membership
    if membership.tenant.is_suspended:
        raise tenant_suspended()
    return MemberGrant(
        tenant_id=membership.tenant_id,
        user_id=membership.user_id,
        membership_id=membership.id,
        session_id=session.id,
        role=membership.role,
        email=membership.user.email,
        name=membership.user.name,
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        tenant_is_demo=membership.tenant.is_demo,
    )


def end(session: LoginSession) -> None:
    LoginSession.objects.filter(pk=session.pk, revoked_at=None).update(revoked_at=datetime.now(UTC))
    with tenant_scope(session.membership.tenant_id):
        audit.record("member.session_ended", actor=session.membership.user.email)


def end_sessions(*, membership: Membership | None = None, user: User | None = None) -> None:
    """Log a member, or a user in all tenants, out everywhere: a new password, role or dismissal."""
    sessions = LoginSession.objects.filter(revoked_at=None)
    if membership is not None:
        sessions = sessions.filter(membership=membership)
    else:
        sessions = sessions.filter(membership__user=user)
    sessions.update(revoked_at=datetime.now(UTC))


def live_sessions() -> QuerySet[LoginSession]:
    """Sessions that are worth something at this moment."""
    now = datetime.now(UTC)
    return LoginSession.objects.filter(
        revoked_at=None,
        expires_at__gt=now,
        membership__is_active=True,
        membership__user__is_active=True,
        membership__tenant__suspended_at=None,
    )


def _authenticate(email: str, password: str) -> User:
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        # As much work as checking a password, so that time does not tell who has an account.
        make_password(password)
        raise invalid_credentials()
    if not user.check_password(password):
        raise invalid_credentials()
    return user


def _choose(user: User, tenant_id: str | None) -> Membership:
    memberships = list(
        user.memberships.filter(is_active=True).select_related("tenant", "user").order_by("id")
    )
    if tenant_id is not None:
        wanted = parse_uuid(tenant_id)
        memberships = [one for one in memberships if one.tenant_id == wanted]
    if not memberships:
        raise invalid_credentials()
    if len(memberships) > 1:
        tenants = [{"id": str(one.tenant_id), "name": one.tenant.name} for one in memberships]
        raise Unauthorized(
            "Name the tenant to log in to.", code="tenant_required", extra={"tenants": tenants}
        )
    return memberships[0]


def _child(session: LoginSession, generation: int) -> TokenPair | None:
    now = datetime.now(UTC)
    if generation == session.generation:
        session.generation += 1
        session.rotated_at = now
        session.save(update_fields=["generation", "rotated_at"])
        return _pair(session)
    if generation == session.generation - 1 and now - session.rotated_at <= SAME_CHILD:
        return _pair(session)
    return None


def _pair(session: LoginSession) -> TokenPair:
    now = datetime.now(UTC)
    access = {"sid": str(session.id), "role": session.membership.role, "iat": _seconds(now)}
    # Nothing but the row goes into a refresh token: the same generation is the same text.
    child: dict[str, Any] = {
        "sid": str(session.id),
        "gen": session.generation,
        "iat": _seconds(session.rotated_at),
        "exp": _seconds(min(session.expires_at, session.rotated_at + settings.REFRESH_TOKEN_IDLE)),
    }
    expiry = min(now + settings.ACCESS_TOKEN_LIFETIME, session.expires_at)
    return TokenPair(
        access=tokens.sign({**access, "exp": _seconds(expiry)}, token_type=tokens.ACCESS),
        refresh=tokens.sign(child, token_type=tokens.REFRESH),
    )


def _is_live(session: LoginSession) -> bool:
    membership = session.membership
    return (
        session.revoked_at is None
        and session.expires_at > datetime.now(UTC)
        and membership.is_active
        and membership.user.is_active
    )


def _sessions() -> QuerySet[LoginSession]:
    return LoginSession.objects.select_related("membership__user", "membership__tenant")


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
