"""Which pages of other sites may read our answers. They never send cookies: nothing here needs one.

Who may, is known by the room that CORS_ORIGIN_CHECK names: ``async (path, origin) -> bool``.
"""

import logging

from django.conf import settings
from django.utils.module_loading import import_string

from livechat.asgi_types import Scope
from livechat.headers import Header

logger = logging.getLogger(__name__)

PREFLIGHT_HEADERS: list[Header] = [
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, idempotency-key, if-none-match, speech-response, "
        b"text-response, x-session-secret, x-request-id",
    ),
    (b"access-control-max-age", b"600"),
]
EXPOSED = (b"access-control-expose-headers", b"etag, retry-after, x-request-id")
VARY = (b"vary", b"origin")


async def cors_headers(scope: Scope) -> list[Header]:
    """Return what lets the asking page read the answer; for most requests nothing."""
    origin = _header(scope, b"origin")
    if not (origin and settings.CORS_ORIGIN_CHECK and scope["path"].startswith("/api/")):
        return []
    try:
        may_read = import_string(settings.CORS_ORIGIN_CHECK)
        allowed = await may_read(scope["path"], origin.decode("latin-1"))
    except Exception:
        # The answer itself, perhaps that the database is away, is worth more than this.
        logger.exception("An origin could not be checked")
        allowed = False
    if not allowed:
        return [VARY]
    headers = [(b"access-control-allow-origin", origin), EXPOSED, VARY]
    return headers + PREFLIGHT_HEADERS if is_preflight(scope) else headers


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks, on a page's behalf, what it may send."""
    asked = _header(scope, b"access-control-request-method") and _header(scope, b"origin")
    return scope["method"] == "OPTIONS" and bool(asked)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
