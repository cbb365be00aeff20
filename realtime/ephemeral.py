"""Signals that matter only now: typing, presence, the words of an answer as they come."""

from typing import Any
from uuid import UUID

from realtime import bus


def whisper(
    tenant_id: UUID,
    type: str,
    data: dict[str, Any],
    *,
    to_team: bool = False,
    visitor_of: UUID | None = None,
) -> None:
    """Send a frame without an id to whoever listens at this moment; it is stored nowhere.

    ``visitor_of`` is the conversation whose visitor hears it too.
    """
    feeds = [str(tenant_id)] if to_team else []
    if visitor_of is not None:
        feeds.append(str(visitor_of))
    bus.publish(tenant_id, {"ephemeral": {"feeds": feeds, "frame": {"type": type, "data": data}}})
