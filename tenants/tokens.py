"""Signed tokens: one key, one audience and one type for each use, so that none passes for another.

A signature is never enough: whoever reads a token also looks at the row that it names.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from tenants.errors import Unauthorized
from tenants.keys import keys_for

ALGORITHM = "HS256"
# Between the clocks of several hosts.
LEEWAY_SECONDS = 5
LONGEST = 2000
# An HMAC of 32 bytes has one spelling: the last of its 43 characters carries four bits.
SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]", re.ASCII)


@dataclass(frozen=True)
class TokenType:
    audience: str
    name: str


ACCESS = TokenType("dashboard", "access")
REFRESH = TokenType("session", "refresh")
BUBBLE = TokenType("visitor", "bubble")
API = TokenType("server", "api")


def sign(claims: dict[str, Any], *, token_type: TokenType) -> str:
    backend = _backends(token_type, keys_for(f"jwt:{token_type.audience}"))[0]
    return backend.encode({**claims, "typ": token_type.name})


def read(text: str, *, token_type: TokenType) -> dict[str, Any]:
    """The claims of a token of this very type; raises Unauthorized for anything else."""
    if len(text) <= LONGEST and SHAPE.fullmatch(text):
        for backend in _backends(token_type, keys_for(f"jwt:{token_type.audience}")):
            claims = _claims(backend, text)
            if claims and claims.get("typ") == token_type.name:
                return claims
    raise invalid_credentials()


def invalid_credentials() -> Unauthorized:
    """Say the same, whatever was wrong: unknown, expired, revoked, forged or of another kind."""
    return Unauthorized("These credentials are not valid.", code="invalid_credentials")


def _claims(backend: TokenBackend, text: str) -> dict[str, Any] | None:
    try:
        return backend.decode(text)  # type: ignore[arg-type] # a string, whatever it says
    except TokenBackendError:
        return None


@lru_cache(maxsize=32)
def _backends(token_type: TokenType, keys: tuple[bytes, ...]) -> tuple[TokenBackend, ...]:
    return tuple(
        TokenBackend(ALGORITHM, key, audience=token_type.audience, leeway=LEEWAY_SECONDS)  # type: ignore[arg-type] # bytes are as good
        for key in keys
    )
