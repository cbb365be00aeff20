"""Who comes in through another vendor's protocol, and as which visitor."""

import secrets
from collections.abc import Collection
from uuid import UUID

from conversations.models import VisitorSession
from conversations.sessions import Visitor, secret_of
from tenants import credentials, limits
from tenants.credentials import Grant
from tenants.errors import Forbidden
from tenants.guests import GuestGrant
from tenants.models import Credential

CHAT = "chat"


def verify(text: str, *, kinds: Collection[str], origin: str | None) -> Grant:
    """What a credential allows; an API key must have the scope ``chat``.

    Raises Unauthorized or Forbidden.
    """
    grant = credentials.verify(text, kinds=kinds, origin=origin)
    if grant.kind == Credential.Kind.API_KEY and not grant.allows(CHAT):
        raise Forbidden(f"This key lacks the scope {CHAT}.", code="missing_scope")
    return grant


def vouched_visitor(source_id: UUID, user_id: str = "") -> Visitor:
    """The visitor whom a server names by its own user id, or a new one if it names none.

    ``source_id`` is what the server's credential speaks for: the same user id means somebody else
    elsewhere.
    """
    label = user_id or new_label()
    return Visitor(source_id=source_id, label=label, user_id=user_id, is_vouched_for=True)


def proved_visitor(session: VisitorSession) -> Visitor:
    """The visitor whose session this is, whoever has proved to be them or to speak for them."""
    return Visitor(
        source_id=session.source_id,
        label=session.label,
        secret=secret_of(session),
        user_id=session.user_id,
    )


def new_label() -> str:
    """The label of a session that nobody has named."""
    return f"guest-{secrets.token_hex(16)}"


def count_message(
    grant: Grant | GuestGrant, session: VisitorSession, *, ip: str | None = None
) -> None:
    """Count one more message; ``ip`` is the visitor's own, where it is no server's that calls.

    Raises TooManyRequests.
    """
    ips = () if ip is None else (ip,)
    limits.hit_message(grant.tenant_id, session.id, *ips, exempt=grant.tenant_is_demo)
