"""What the engine and its edges refuse in the same words."""

from tenants.errors import NotFound


def conversation_not_found() -> NotFound:
    """There is none, or none of the caller's: nobody learns which."""
    return NotFound("Conversation not found.", code="conversation_not_found")
