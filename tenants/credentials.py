"""Keys of programs and pages: made, shown, rotated, revoked, and verified in this one place."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from tenants import audit, last_use, sharers, tokens
from tenants.errors import Conflict, Forbidden, LiveChatError
from tenants.models import Credential, Tenant
from tenants.network import origin_allowed
from tenants.scope import tenant_scope
from tenants.sealing import seal, unseal
from tenants.tokens import invalid_credentials

Kind = Credential.Kind

PREFIXES = {
    Kind.WIDGET_TOKEN: "wt_",
    Kind.API_KEY: "sk_",
    Kind.WEB_INTEGRATION_TOKEN: "wi_",
    Kind.IDENTITY_SECRET: "is_",
}
SEALED_KINDS = frozenset({Kind.WIDGET_TOKEN, Kind.WEB_INTEGRATION_TOKEN, Kind.IDENTITY_SECRET})
TOKEN_TYPES = {Kind.BUBBLE_TOKEN: tokens.BUBBLE, Kind.API_TOKEN: tokens.API}
EVERY_SCOPE = "*"
SECRET_BYTES = 24
LONGEST_GRACE = timedelta(days=7)
GRACE = timedelta(hours=24)


@dataclass(frozen=True)
class Issued:
    """A new credential and its text, which for an API key is never to be seen again."""

    credential: Credential
    secret: str


@dataclass(frozen=True)
class Grant:
    """What a verified credential allows; plain data that outlives the request."""

    tenant_id: UUID
    kind: str
    credential_id: UUID
    subject_id: UUID | None
    scopes: tuple[str, ...]
    tenant_is_demo: bool

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or EVERY_SCOPE in self.scopes


def issue(
    tenant: Tenant,
    kind: str,
    *,
    name: str = "",
    subject_id: UUID | None = None,
    scopes: Collection[str] = (),
    origins: Collection[str] = (),
    expires_at: datetime | None = None,
    actor: str = "system",
) -> Issued:
    """Make a credential; ``subject_id`` is the bubble, assistant or integration it speaks for."""
    credential = Credential(
        tenant=tenant,
        kind=Kind(kind),
        name=name,
        subject_id=subject_id,
        scopes=list(scopes),
        origins=list(origins),
        expires_at=expires_at,
    )
    with tenant_scope(tenant.pk):
        issued = _make(credential)
        audit.record("credential.issued", actor=actor, target=credential, details=_said(credential))
    return issued


def reveal(credential: Credential) -> str:
    """Show a credential's text again; an API key's is not kept."""
    kind = Kind(credential.kind)
    if kind in TOKEN_TYPES:
        return _token(credential)
    if kind in SEALED_KINDS:
        return unseal(credential.sealed)
    raise Conflict("An API key is shown only when it is made.", code="not_kept")


def rotate(credential: Credential, *, grace: timedelta = GRACE, actor: str = "system") -> Issued:
    """Replace a credential by a new one; the old one goes on working for ``grace``.

    The new one gets the old one's full lifetime. Two of a family work at most: what the old one
    had replaced ends at once.
    """
    if not timedelta() <= grace <= LONGEST_GRACE:
        raise ValueError("The grace period is at most seven days.")
    now = timezone.now()
    with tenant_scope(credential.tenant_id):
        old = Credential.objects.select_for_update().get(pk=credential.pk)
        if not _works(old, now) or Credential.objects.filter(replaces=old).exists():
            raise Conflict("This credential is no longer the current one.", code="not_current")
        issued = _make(_successor(old, now))
        Credential.objects.filter(replacement=old, revoked_at=None).update(revoked_at=now)
        old.expires_at = min(filter(None, (old.expires_at, now + grace)))
        old.save(update_fields=["expires_at"])
        audit.record("credential.rotated", actor=actor, target=old, details=_said(old))
    return issued


def revoke(credential: Credential, *, actor: str = "system") -> None:
    """End a credential now; once ended it stays so."""
    with tenant_scope(credential.tenant_id):
        rows = Credential.objects.filter(pk=credential.pk, revoked_at=None)
        if rows.update(revoked_at=timezone.now()):
            audit.record(
                "credential.revoked", actor=actor, target=credential, details=_said(credential)
            )
    credential.refresh_from_db(fields=["revoked_at"])


def working(tenant_id: UUID, kind: str) -> list[Credential]:
    """The tenant's credentials of a kind that neither expired nor were revoked, newest first."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows = Credential.objects.filter(unexpired, tenant=tenant_id, kind=kind, revoked_at=None)
    return list(rows.order_by("-created_at"))


def verify(text: str, *, kinds: Collection[str], origin: str | None = None) -> Grant:
    """What ``text`` allows, in one query; raises Unauthorized or Forbidden.

    ``origin`` is the request's header, where there is one: an API key in a web page is refused,
    unless the key lists that page's origin.
    """
    now = timezone.now()
    credential = _find(text, kinds)
    if credential is None or credential.kind not in kinds or not _works(credential, now):
        raise invalid_credentials()
    if credential.tenant.is_suspended:
        raise tenant_suspended()
    if not _origin_allowed(credential, origin):
        raise Forbidden("This origin is not allowed.", code="origin_not_allowed")
    last_use.note(credential.pk, credential.last_used_at, now)
    sharers.remember(text, credential.tenant_id)
    return Grant(
        tenant_id=credential.tenant_id,
        kind=credential.kind,
        credential_id=credential.pk,
        subject_id=credential.subject_id,
        scopes=tuple(credential.scopes),
        tenant_is_demo=credential.tenant.is_demo,
    )


def tenant_suspended() -> LiveChatError:
    return Forbidden("This account is suspended.", code="tenant_suspended")


def _make(credential: Credential) -> Issued:
    kind = Kind(credential.kind)
    if kind in TOKEN_TYPES:
        secret = _token(credential)
    else:
        secret = PREFIXES[kind] + secrets.token_urlsafe(SECRET_BYTES)
        credential.digest = _digest(secret)
        credential.sealed = seal(secret) if kind in SEALED_KINDS else ""
    credential.save(force_insert=True)
    return Issued(credential, secret)


def _successor(old: Credential, now: datetime) -> Credential:
    return Credential(
        tenant_id=old.tenant_id,
        kind=old.kind,
        name=old.name,
        subject_id=old.subject_id,
        scopes=old.scopes,
        origins=old.origins,
        expires_at=old.expires_at and now + (old.expires_at - old.created_at),
        replaces=old,
    )


def _token(credential: Credential) -> str:
    """Sign the row; doing it again gives the same text, so none is kept."""
    if credential.subject_id is None:
        raise ValueError("A bubble or API token speaks for a bubble or an assistant.")
    token_type = TOKEN_TYPES[Kind(credential.kind)]
    claims = {
        "jti": str(credential.pk),
        "tenant": str(credential.tenant_id),
        "sub": str(credential.subject_id),
        "scope": token_type.audience,
        "iat": int(credential.created_at.timestamp()),
    }
    return tokens.sign(claims, token_type=token_type)


def _find(text: str, kinds: Collection[str]) -> Credential | None:
    rows = Credential.objects.select_related("tenant")
    for kind in kinds:
        prefix = PREFIXES.get(Kind(kind))
        if prefix and text.startswith(prefix) and text.isascii():
            return rows.filter(digest=_digest(text)).first()
    for kind in kinds:
        if (token_type := TOKEN_TYPES.get(Kind(kind))) and (claims := _claims(text, token_type)):
            return rows.filter(pk=claims["jti"], tenant=claims["tenant"]).first()
    return None


def _claims(text: str, token_type: tokens.TokenType) -> dict[str, UUID] | None:
    try:
        claims = tokens.read(text, token_type=token_type)
    except LiveChatError:
        return None
    return {name: UUID(claims[name]) for name in ("jti", "tenant")}


def _works(credential: Credential, now: datetime) -> bool:
    expired = credential.expires_at is not None and credential.expires_at <= now
    return not expired and credential.revoked_at is None


def _origin_allowed(credential: Credential, origin: str | None) -> bool:
    if credential.kind == Kind.API_KEY and origin is not None and not credential.origins:
        return False
    return origin_allowed(origin, credential.origins)


def _digest(secret: str) -> str:
    # Enough for a random secret, which nobody can guess; a person's password needs more.
    return hashlib.sha256(secret.encode()).hexdigest()


def _said(credential: Credential) -> dict[str, str]:
    return {"kind": credential.kind, "credentialId": str(credential.pk)}
