"""Members' log-ins: short access tokens, refresh tokens that descend from each other, one row each.

A token's signature is never enough: every use looks at the session's row, so that log-out, a
changed password or role, or a suspended tenant takes effect at once.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from tenants import accounts, audit, limits, second_factor, sharers, tokens
from tenants.credentials import tenant_suspended
from tenants.errors import LiveChatError, Unauthorized
from tenants.models import LoginSession, Membership, Tenant, User
from tenants.scope import tenant_scope
from tenants.second_factor import Match
from tenants.tokens import invalid_credentials

# Two tabs may refresh with the same token at once; both get the same child.
SAME_CHILD = timedelta(seconds=10)


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str
    # Of the access token.
    expires_at: datetime


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
    stamp: str = field(default="", repr=False)


def log_in(
    *,
    email: str,
    password: str,
    tenant_id: str | UUID | None = None,
    otp: str | None = None,
    ip: str | None = None,
    user_agent: str = "",
) -> TokenPair:
    """Open a session for a member; ``otp`` is a code of the second factor.

    Raises Unauthorized: ``invalid_credentials``, the same for whatever was wrong, ``otp_required``,
    ``otp_enrolment_required`` where the tenant wants a second factor and there is none, or
    ``tenant_required`` with the list to choose from; Forbidden for a suspended tenant.
    """
    account = accounts.find(email)
    limits.hit(limits.LOG_IN, "people", account.email, ip, exempt=account.is_demo)
    if not accounts.has_password(account, password):
        raise invalid_credentials()
    match = second_factor.demand(account.memberships[0].user, otp)
    membership = accounts.choose(account, tenant_id)
    return begin(membership, match=match, ip=ip, user_agent=user_agent)


def begin(
    membership: Membership, *, match: Match | None = None, ip: str | None, user_agent: str
) -> TokenPair:
    """Open a session for a member who has proved to be the one; ``match`` by a second factor.

    Raises Unauthorized, ``otp_enrolment_required``, as above.
    """
    _check_factor(membership)
    with tenant_scope(membership.tenant_id):
        second_factor.spend(match)
        session = _open(membership, ip=ip, user_agent=user_agent)
        audit.record("member.logged_in", actor=membership.user.email, ip=ip)
    return _pair(session)


def enrolment_required() -> Unauthorized:
    return Unauthorized(
        "This tenant wants its members to use two factors.",
        code="otp_enrolment_required",
        extra={"enrolAt": f"{settings.PUBLIC_URL}/account/two-factor/"},
    )


def refresh(text: str) -> TokenPair:
    """Exchange a refresh token for its child; one that is used late ends the whole session.

    Raises Unauthorized, ``otp_enrolment_required`` too; Forbidden for a suspended tenant.
    """
    claims = tokens.read(text, token_type=tokens.REFRESH)
    with transaction.atomic():
        session = _live(claims, _sessions().select_for_update(of=("self",)))
        _check_factor(session.membership)
        child = _child(session, claims["gen"])
    if child is None:
        # Two hold this token, and one of them took it from the other.
        _end(session, "member.token_reused")
        raise invalid_credentials()
    return child


def _check_factor(membership: Membership) -> None:
    """The tenant may have begun to want a second factor since the log-in."""
    if membership.tenant.two_factor_required and not second_factor.of(membership.user):
        raise enrolment_required()


def log_out(text: str) -> None:
    """End the session that a token, of either type, belongs to; to end it again is no error."""
    session = _sessions().filter(pk=_session_id(text), revoked_at=None).first()
    if session is not None:
        _end(session, "member.logged_out")


def verify_access(text: str) -> MemberGrant:
    """Who is calling, in one query. Raises Unauthorized, or Forbidden for a suspended tenant."""
    claims = tokens.read(text, token_type=tokens.ACCESS)
    session = _live(claims, _sessions())
    membership = session.membership
    sharers.remember(text, membership.tenant_id)
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
        stamp=claims["stamp"],
    )


def end_sessions(
    *, membership: Membership | None = None, user: User | None = None, tenant: Tenant | None = None
) -> int:
    """Log out everywhere: a member, a user in all tenants, or all members; how many sessions.

    A new password or role, a deactivation or a suspension stops sessions by itself; this makes
    sure that none comes back when it is undone.
    """
    owner = {"membership": membership, "membership__user": user, "membership__tenant": tenant}
    named = {path: whose for path, whose in owner.items() if whose is not None}
    if not named:
        raise ValueError("Name whose sessions end.")
    return LoginSession.objects.filter(revoked_at=None, **named).update(revoked_at=_now())


def live_sessions() -> QuerySet[LoginSession]:
    """Sessions that are worth something at this moment."""
    return LoginSession.objects.filter(
        revoked_at=None,
        expires_at__gt=_now(),
        membership__is_active=True,
        membership__user__is_active=True,
        membership__tenant__suspended_at=None,
    )


def stamp_of(*, role: str, password_hash: str) -> str:
    """What a session was opened under; with a new role or password it is worth nothing."""
    return sha256(f"{role}\0{password_hash}".encode()).hexdigest()[:16]


def _open(membership: Membership, *, ip: str | None, user_agent: str) -> LoginSession:
    LoginSession.objects.filter(membership=membership, expires_at__lt=_now()).delete()
    return LoginSession.objects.create(
        membership=membership,
        expires_at=_now() + settings.REFRESH_TOKEN_LIFETIME,
        user_agent=user_agent.replace("\0", "")[:300],
        ip=ip,
    )


def _live(claims: dict[str, Any], sessions: QuerySet[LoginSession]) -> LoginSession:
    session = sessions.filter(pk=claims["sid"], revoked_at=None, expires_at__gt=_now()).first()
    if session is None or not _is_member(session) or claims["stamp"] != _stamp(session):
        raise invalid_credentials()
    if session.membership.tenant.is_suspended:
        raise tenant_suspended()
    return session


def _child(session: LoginSession, generation: int) -> TokenPair | None:
    now = _now()
    if generation == session.generation:
        session.generation += 1
        session.rotated_at = now
        session.save(update_fields=["generation", "rotated_at"])
        return _pair(session)
    if generation == session.generation - 1 and now - session.rotated_at <= SAME_CHILD:
        return _pair(session)
    return None


def _pair(session: LoginSession) -> TokenPair:
    """Sign what the row says and nothing else: the same generation is the same text."""
    start = session.rotated_at
    claims = {
        "sid": str(session.id),
        "gen": session.generation,
        "stamp": _stamp(session),
        "iat": int(start.timestamp()),
    }

    def until(lifetime: timedelta) -> dict[str, Any]:
        return {**claims, "exp": int(min(session.expires_at, start + lifetime).timestamp())}

    access = until(settings.ACCESS_TOKEN_LIFETIME)
    return TokenPair(
        access=tokens.sign(access, token_type=tokens.ACCESS),
        refresh=tokens.sign(until(settings.REFRESH_TOKEN_IDLE), token_type=tokens.REFRESH),
        expires_at=datetime.fromtimestamp(access["exp"], UTC),
    )


def _end(session: LoginSession, action: str) -> None:
    with tenant_scope(session.membership.tenant_id):
        open_row = LoginSession.objects.filter(pk=session.pk, revoked_at=None)
        if open_row.update(revoked_at=_now()):
            audit.record(action, actor=session.membership.user.email)


def _session_id(text: str) -> str:
    try:
        return str(tokens.read(text, token_type=tokens.REFRESH)["sid"])
    except LiveChatError:
        return str(tokens.read(text, token_type=tokens.ACCESS)["sid"])


def _is_member(session: LoginSession) -> bool:
    return session.membership.is_active and session.membership.user.is_active


def _stamp(session: LoginSession) -> str:
    membership = session.membership
    return stamp_of(role=membership.role, password_hash=membership.user.password)


def _sessions() -> QuerySet[LoginSession]:
    return LoginSession.objects.select_related("membership__user", "membership__tenant")


def _now() -> datetime:
    return datetime.now(UTC)
