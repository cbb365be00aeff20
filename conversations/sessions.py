"""Which browser is writing: continuing a visitor's session, or beginning one."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connections, router
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from conversations.models import Contact, VisitorSession
from tenants.errors import Unauthorized
from tenants.ids import uuid7
from tenants.keys import keys_for
from tenants.scope import current_scope

IDLE_WITHOUT_SECRET = timedelta(minutes=30)
SEEN_PRECISION = timedelta(minutes=1)
# In the place of a fingerprint, which no browser can have.
VOUCHED_FOR = "vouched for"


@dataclass(frozen=True)
class Visitor:
    """What a request tells about the browser it comes from.

    ``source_id`` is the bubble (or other door), ``label`` the client's ``sessionId``. For a visitor
    who is vouched for, by a server that proved itself, the label alone says who it is.
    """

    source_id: UUID
    label: str
    secret: str = ""
    origin: str = ""
    user_agent: str = ""
    user_id: str = ""
    is_vouched_for: bool = False

    @property
    def fingerprint(self) -> str:
        return VOUCHED_FOR if self.is_vouched_for else digest(f"{self.origin}\n{self.user_agent}")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def secret_of(session: VisitorSession) -> str:
    """The session's secret. Derived, so that a repeated first request gets the same answer.

    From the key that it was first derived from, which may be one of the installation's earlier.
    """
    secrets = [_secret(session.id, key) for key in keys_for("visitor session")]
    known = (secret for secret in secrets if digest(secret) == session.secret_digest)
    return next(known, secrets[0])


def continue_session(
    visitor: Visitor, *, on_new: Callable[[], None] = lambda: None
) -> VisitorSession:
    """The visitor's session, locked until the scope ends; a new one where none may be continued.

    Without the secret a session goes on for 30 minutes, from the same origin and user agent, and
    only until its client has once shown the secret. ``on_new`` may refuse by raising.

    Raises Unauthorized for a secret that is not the session's.
    """
    if visitor.secret:
        return _touch(_with_secret(visitor), secret_seen=True)
    found = _current(visitor) or _begun_meanwhile(visitor)
    if found is not None and (visitor.is_vouched_for or _may_go_on(found)):
        return _touch(found)
    on_new()
    if found is not None:
        found.session.is_current = False
        found.session.save(update_fields=["is_current"])
    return _begin(visitor)


def proved_session(session_id: UUID) -> VisitorSession:
    """The session of a client that has proved before that it is its own, locked likewise."""
    found = _locked(pk=session_id)
    if found is None:
        raise VisitorSession.DoesNotExist
    return _touch(found)


def known_session(visitor: Visitor) -> VisitorSession | None:
    """The session that the visitor may read from: the secret is required, the label is not."""
    if not visitor.secret:
        return None
    sessions = VisitorSession.objects.filter(
        source_id=visitor.source_id, secret_digest=digest(visitor.secret)
    )
    return sessions.filter(label=visitor.label).first() if visitor.label else sessions.first()


@dataclass(frozen=True)
class _Locked:
    """A session that is locked, and how long it has been idle by the database's clock."""

    session: VisitorSession
    idle: timedelta


def _locked(**facts: object) -> _Locked | None:
    idle = ExpressionWrapper(Now() - F("last_seen_at"), output_field=DurationField())
    rows = VisitorSession.objects.select_for_update(no_key=True).annotate(idle=idle)
    session = rows.filter(**facts).first()
    return _Locked(session, session.idle) if session is not None else None


def _with_secret(visitor: Visitor) -> _Locked:
    found = _locked(
        source_id=visitor.source_id, label=visitor.label, secret_digest=digest(visitor.secret)
    )
    if found is None:
        raise Unauthorized("The session secret is not valid.", code="invalid_session_secret")
    return found


def _current(visitor: Visitor) -> _Locked | None:
    return _locked(
        source_id=visitor.source_id,
        label=visitor.label,
        fingerprint=visitor.fingerprint,
        is_current=True,
    )


def _secret(session_id: UUID, key: bytes) -> str:
    return "ss_" + hmac.new(key, session_id.bytes, hashlib.sha256).hexdigest()[:32]


def _begun_meanwhile(visitor: Visitor) -> _Locked | None:
    """Let first requests of one browser in one by one: the first begins, the others continue."""
    with connections[router.db_for_write(VisitorSession)].cursor() as cursor:
        key = f"{visitor.source_id} {visitor.label} {visitor.fingerprint}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    return _current(visitor)


def _may_go_on(found: _Locked) -> bool:
    return not found.session.secret_seen and found.idle < IDLE_WITHOUT_SECRET


def _touch(found: _Locked, *, secret_seen: bool = False) -> VisitorSession:
    session = found.session
    if found.idle > SEEN_PRECISION or secret_seen > session.secret_seen:
        session.last_seen_at = Now()
        session.secret_seen = session.secret_seen or secret_seen
        session.save(update_fields=["last_seen_at", "secret_seen"])
    return session


def _begin(visitor: Visitor) -> VisitorSession:
    tenant_id = current_scope().tenant_id
    session = VisitorSession(
        id=uuid7(),
        tenant_id=tenant_id,
        source_id=visitor.source_id,
        label=visitor.label,
        fingerprint=visitor.fingerprint,
        origin=visitor.origin[:300],
        user_id=visitor.user_id[:200],
        last_seen_at=Now(),
        is_new=True,
    )
    session.secret_digest = digest(secret_of(session))
    said = {"userId": session.user_id} if session.user_id else {}
    session.contact = Contact.objects.create(tenant_id=tenant_id, attributes=said)
    session.save(force_insert=True)
    return session
