"""Links in mails that prove who opens them: signed, for one purpose, and for a while.

Each names the state that it was made in, and is worth nothing in the next one.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.urls import reverse

from tenants import tokens
from tenants.errors import NotFound, Unauthorized
from tenants.models import User
from tenants.tokens import TokenType

RESET = TokenType("account", "reset")
EMAIL = TokenType("account", "email")
INVITATION = TokenType("account", "invitation")
CODE = TokenType("account", "code")
ENROLMENT = TokenType("account", "enrolment")


def sign(token_type: TokenType, lifetime: timedelta, **claims: Any) -> str:
    expires = int((datetime.now(UTC) + lifetime).timestamp())
    return tokens.sign({**claims, "exp": expires}, token_type=token_type)


def read(token_type: TokenType, text: str) -> dict[str, Any]:
    """What a link says; raises NotFound for one that is none, or none any more."""
    try:
        return tokens.read(text, token_type=token_type)
    except Unauthorized:
        raise gone() from None


def gone() -> NotFound:
    return NotFound("This link does not work any more.", code="link_gone")


def address_of(page: str, text: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(page, args=[text])}"


def stamp_of(user: User) -> str:
    """What an account is like now; a new password or address makes it another."""
    return sha256(f"{user.password}\0{user.email}".encode()).hexdigest()[:32]
