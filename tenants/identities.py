"""What proves who a visitor is: a token or a hash that a tenant's own site made.

Both are made with the tenant's identity secret. Whatever is wrong with one, the same is said.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants import credentials, last_use, strict_json
from tenants.errors import Forbidden, Unauthorized
from tenants.models import Credential
from tenants.tokens import ALGORITHM, LEEWAY_SECONDS, SHAPE

LONGEST_TOKEN = 4_000
LONGEST_LIFE = timedelta(hours=24)
LONGEST_ID = 200
LONGEST_NAME = 200
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class Identity:
    """A user of the tenant's site; name and address are what the proof says, if it says any."""

    user_id: str
    name: str = ""
    email: str = ""


def read_token(tenant_id: UUID, text: str, *, audiences: Collection[str]) -> Identity:
    """The user that a JWT names: ``sub``, and optionally ``name`` and ``email``.

    It must end within 24 hours. ``aud`` may be left out; else it must name one of ``audiences``.
    Raises Unauthorized, and Forbidden for a tenant without an identity secret.
    """
    is_shaped = len(text) <= LONGEST_TOKEN and SHAPE.fullmatch(text)
    for secret in _secrets(tenant_id):
        claims = _claims(text, secret, audiences) if is_shaped else None
        if claims is not None and (identity := _identity(claims)):
            return identity
    raise invalid_identity()


def read_hash(tenant_id: UUID, user_id: str, user_hash: str) -> Identity:
    """The user of this id, if the hash is its HMAC-SHA256 in hexadecimal digits.

    Raises Unauthorized, and Forbidden for a tenant without an identity secret.
    """
    given = user_hash.lower().encode("utf-8", "replace")
    proofs = [_hash(secret, user_id).encode() for secret in _secrets(tenant_id)]
    if sum(hmac.compare_digest(proof, given) for proof in proofs) and _is_id(user_id):
        return Identity(user_id)
    raise invalid_identity()


def invalid_identity() -> Unauthorized:
    return Unauthorized("This is no proof of who somebody is.", code="invalid_identity")


def _secrets(tenant_id: UUID) -> list[str]:
    """The tenant's secrets that work, the newest first. Raises Forbidden without any."""
    found = list(_working(tenant_id))
    if not found:
        message = "Nobody can be identified here: there is no identity secret."
        raise Forbidden(message, code="identity_not_configured")
    return found


def _working(tenant_id: UUID) -> Iterator[str]:
    now = datetime.now(UTC)
    for row in credentials.working(tenant_id, Credential.Kind.IDENTITY_SECRET):
        last_use.note(row.pk, row.last_used_at, now)
        yield credentials.reveal(row)


def _claims(text: str, secret: str, audiences: Collection[str]) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            secret,
            algorithms=[ALGORITHM],
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )
        ends = float(claims["exp"])
    except (jwt.PyJWTError, ArithmeticError, TypeError, ValueError, RecursionError):
        return None
    longest = datetime.now(UTC) + LONGEST_LIFE + timedelta(seconds=LEEWAY_SECONDS)
    return claims if ends <= longest.timestamp() and _is_for(claims, audiences) else None


def _is_for(claims: dict[str, Any], audiences: Collection[str]) -> bool:
    if "aud" not in claims:
        return True
    named = claims["aud"]
    named = [named] if isinstance(named, str) else named
    return isinstance(named, list) and any(
        isinstance(one, str) and one in audiences for one in named
    )


def _identity(claims: dict[str, Any]) -> Identity | None:
    user_id, name, email = (claims.get(field) or "" for field in ("sub", "name", "email"))
    if not all(map(_is_storable, (user_id, name, email))):
        return None
    if not _is_id(user_id) or len(name) > LONGEST_NAME or not _is_email(email):
        return None
    return Identity(user_id, name, email)


def _is_storable(text: object) -> bool:
    # A page that cuts off a name may cut through a letter.
    return isinstance(text, str) and "\0" not in text and strict_json.is_encodable(text)


def _is_id(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_ID and "\0" not in text


def _is_email(text: str) -> bool:
    if len(text) > LONGEST_EMAIL:
        return False
    try:
        validate_email(text)
    except ValidationError:
        return text == ""
    return True


def _hash(secret: str, user_id: str) -> str:
    return hmac.new(secret.encode(), user_id.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
