"""Which browser is writing: continuing a visitor's session, or beginning one."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from conversations.models import Contact, VisitorSession
from tenants.errors import Forbidden, Unauthorized
from tenants.ids import uuid7
from tenants.keys import keys_for
from tenants.postgresql import advisory
from tenants.scope import current_scope

IDLE_WITHOUT_SECRET = timedelta(minutes=30)
SEEN_PRECISION = timedelta(minutes=1)
# In the place of a fingerprint, which no browser can have.
VOUCHED_FOR = "vouched for"
BEGUN_BY_TEAM = "begun by the team"
# The digest of a session that has ended: no secret has it.
ENDED = ""


@dataclass(frozen=True)
class Visitor:
    """What a request tells about the browser it comes from.

    ``source_id`` is the bubble (or other door), ``label`` the client's ``sessionId``. For a visitor
    who is vouched for, by a server that proved itself, the label alone says who it is. One who
    must be verified has a session of a person whom the site vouched for, or none.
    """

    source_id: UUID
    label: str
    secret: str = ""
    origin: str = ""
    user_agent: str = ""
    user_id: str = ""
    is_vouched_for: bool = False
    must_be_verified: bool = False
    is_begun_by_team: bool = False

    @property
    def fingerprint(self) -> str:
        if self.is_begun_by_team:
            return BEGUN_BY_TEAM
        return VOUCHED_FOR if self.is_vouched_for else digest(f"{self.origin}\n{self.user_agent}")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def secret_of(session: VisitorSession) -> str:
    """The session's secret. Derived, so that a repeated first request gets the same answer.

    From the key that it was first derived from, which may be one of the installation's earlier.
    """
    secrets = [_secret(session, key) for key in keys_for("visitor session")]
    known = (secret for secret in secrets if digest(secret) == session.secret_digest)
    return next(known, secrets[0])


def continue_session(
    visitor: Visitor, *, on_new: Callable[[], None] = lambda: None
) -> VisitorSession:
    """The visitor's session, locked until the scope ends; a new one where none may be continued.

    Without the secret a session goes on for 30 minutes, from the same origin and user agent, and
    only until its client has once shown the secret. ``on_new`` may refuse by raising.

    Raises Unauthorized for a secret that is not the session's, and Forbidden for nobody in
    particular where visitors must be verified.
    """
    if visitor.secret:
        session = _touch(_with_secret(visitor), secret_seen=True)
        _require_verified(visitor, session)
        return session
    _require_verified(visitor, None)
    found = _current(visitor) or _begun_meanwhile(visitor)
    if found is not None and (visitor.is_vouched_for or _may_go_on(found)):
        return _touch(found)
    on_new()
    if found is not None:
        found.session.is_current = False
        found.session.save(update_fields=["is_current"])
    return _begin(visitor)


def proved_session(session_id: UUID) -> VisitorSession:
    """The session of a client that has proved before that it is its own, locked likewise.

    Raises Unauthorized for one that has ended.
    """
    found = _locked(pk=session_id)
    if found is None or found.session.secret_digest == ENDED:
        raise Unauthorized("The session has ended.", code="invalid_session_secret")
    return _touch(found)


def known_session(visitor: Visitor) -> VisitorSession | None:
    """The session that the visitor may read from: the secret is required, the label is not.

    Raises Forbidden for nobody in particular where visitors must be verified.
    """
    if not visitor.secret:
        _require_verified(visitor, None)
        return None
    sessions = VisitorSession.objects.filter(
        source_id=visitor.source_id, secret_digest=digest(visitor.secret)
    )
    session = sessions.filter(label=visitor.label).first() if visitor.label else sessions.first()
    if session is not None:
        _require_verified(visitor, session)
    return session


def shown_session(visitor: Visitor) -> VisitorSession | None:
    """The session whose secret is shown, locked, whatever it is called; None for a dead secret."""
    if not visitor.secret:
        return None
    found = _locked(source_id=visitor.source_id, secret_digest=digest(visitor.secret))
    return _touch(found, secret_seen=True) if found is not None else None


def session_begun_for(source_id: UUID, page_id: str, *, origin: str = "") -> VisitorSession:
    """The session that the team has begun for a page's visitor, or begins now; locked or new.

    Only its secret opens it, which that page is told.
    """
    visitor = Visitor(
        source_id, _label_of(page_id), secret="", origin=origin, is_begun_by_team=True
    )
    found = _current(visitor) or _begun_meanwhile(visitor)
    return _touch(found) if found is not None else _begin(visitor)


def session_of_page(source_id: UUID, page_id: str, *, secret: str) -> VisitorSession | None:
    """The session whose secret a page shows, or the one that the team has begun for it.

    The latter until its secret was shown once: from then on its client has it.
    """
    rows = VisitorSession.objects.filter(source_id=source_id)
    shown = rows.filter(secret_digest=digest(secret)).first() if secret else None
    if shown is not None:
        return shown
    begun = rows.filter(label=_label_of(page_id), fingerprint=BEGUN_BY_TEAM, is_current=True)
    return begun.filter(secret_seen=False).first()


def begin_verified(visitor: Visitor, contact: Contact) -> VisitorSession:
    """A new session of a person whom the site vouches for; its client must show its secret."""
    return _begin(visitor, contact=contact, is_verified=True, secret_seen=True)


def change_secret(session: VisitorSession) -> None:
    """Give the session another secret: whoever knows the old one knows nothing. It is locked."""
    session.secret_version += 1
    session.secret_digest = digest(_secret(session, keys_for("visitor session")[0]))
    session.secret_changed_at = Now()
    session.save(update_fields=["secret_version", "secret_digest", "secret_changed_at"])


def end_session(session: VisitorSession) -> None:
    """Let nobody go on with a session; what was said in it stays. It is locked."""
    session.secret_digest, session.is_current = ENDED, False
    session.secret_changed_at = Now()
    session.save(update_fields=["secret_digest", "is_current", "secret_changed_at"])


def theirs(session: VisitorSession) -> Q:
    """Which conversations are the visitor's.

    A verified person's are those of all sessions with this bubble, or other place, that the site
    has vouched are theirs; anybody else's are those of this one session.
    """
    if not session.is_verified:
        return Q(session=session)
    sessions = VisitorSession.objects.filter(
        source_id=session.source_id, contact_id=session.contact_id, is_verified=True
    )
    return Q(session__in=sessions)


def identity_required() -> Forbidden:
    return Forbidden("Only people who are logged in may chat here.", code="identity_required")


@dataclass(frozen=True)
class _Locked:
    """A session that is locked, and how long it has been idle by the database's clock."""

    session: VisitorSession
    idle: timedelta


def _label_of(page_id: str) -> str:
    return f"v_{page_id}"


def _locked(**facts: object) -> _Locked | None:
    idle = ExpressionWrapper(Now() - F("last_seen_at"), output_field=DurationField())
    rows = VisitorSession.objects.select_for_update(no_key=True).annotate(idle=idle)
    session = rows.filter(**facts).first()
    return _Locked(session, session.idle) if session is not None else None


def _require_verified(visitor: Visitor, session: VisitorSession | None) -> None:
    if visitor.must_be_verified and not (session is not None and session.is_verified):
        raise identity_required()


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


def _secret(session: VisitorSession, key: bytes) -> str:
    version = session.secret_version
    what = session.id.bytes + (version.to_bytes(4, "big") if version else b"")
    return "ss_" + hmac.new(key, what, hashlib.sha256).hexdigest()[:32]


def _begun_meanwhile(visitor: Visitor) -> _Locked | None:
    """Let first requests of one browser in one by one: the first begins, the others continue."""
    advisory.lock(f"{visitor.source_id} {visitor.label} {visitor.fingerprint}")
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


def _begin(
    visitor: Visitor,
    *,
    contact: Contact | None = None,
    is_verified: bool = False,
    secret_seen: bool = False,
) -> VisitorSession:
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
        is_verified=is_verified,
        secret_seen=secret_seen,
    )
    session.secret_digest = digest(secret_of(session))
    said = {"userId": session.user_id} if session.user_id else {}
    session.contact = contact or Contact.objects.create(tenant_id=tenant_id, attributes=said)
    session.save(force_insert=True)
    return session
