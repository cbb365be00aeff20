"""Signals that matter only now: typing, presence, the words of an answer as they come."""

from typing import Any
from uuid import UUID

from realtime import bus
from realtime.models import Audience


def whisper(
    tenant_id: UUID,
    audience: Audience,
    type: str,
    data: dict[str, Any],
    *,
    conversation_id: UUID | None = None,
) -> None:
    """Send a frame without an id to whoever listens at this moment; it is stored nowhere."""
    feed = tenant_id if audience == Audience.TEAM else conversation_id
    bus.publish(tenant_id, {"ephemeral": {"feed": str(feed), "type": type, "data": data}})
