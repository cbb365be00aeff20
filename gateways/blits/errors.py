"""Every error under Blits' addresses, whoever found it: the edge, Django, or a view."""

from typing import Any

from gateways.blits import codec
from tenants.errors import LiveChatError


def error_body(
    error: LiveChatError, *, conversation_id: str = "", is_active: bool = False
) -> dict[str, Any]:
    # The codec's hint for a thing too large is about frames.
    code = "body_too_large" if error.code == "too_large" else error.code
    return codec.error(
        code,
        error.message,
        retry_after=error.retry_after,
        is_active=is_active,
        conversation_id=conversation_id,
    )
