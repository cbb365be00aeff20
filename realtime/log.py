"""Reading the event log."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from json import dumps
from typing import Any, Self
from uuid import UUID

from realtime.events import wire_event
from realtime.models import Audience, Event, Head
from tenants.scope import tenant_scope

REPLAY_LIMIT = 10_000
EVENTS_AT_ONCE = 500


@dataclass(frozen=True)
class Channel:
    """What can be listened to: a tenant's events, or one conversation's, as its visitor sees it."""

    tenant_id: UUID
    conversation_id: UUID | None = None

    @property
    def feed(self) -> UUID:
        return self.conversation_id or self.tenant_id

    @property
    def audience(self) -> Audience:
        return Audience.VISITOR if self.conversation_id else Audience.TEAM


@dataclass(frozen=True)
class LoggedEvent:
    """One event on its way to sockets; its frame is encoded once for all of them."""

    seq: int
    type: str
    data: dict[str, Any]
    at: str

    @classmethod
    def from_wire(cls, event: dict[str, Any]) -> Self:
        return cls(event["seq"], event["type"], event["data"], event["at"])

    @cached_property
    def frame(self) -> str:
        return encode({"type": self.type, "data": self.data, "id": self.seq, "ts": self.at})


def encode(frame: dict[str, Any]) -> str:
    return dumps(frame, ensure_ascii=False, separators=(",", ":"))


def read_heads(feeds: Iterable[UUID]) -> dict[UUID, int]:
    """The newest number of each feed, in one query; a feed without events is left out."""
    return dict(Head.objects.filter(feed__in=list(feeds)).values_list("feed", "seq"))


def read_head(channel: Channel) -> int:
    return read_heads([channel.feed]).get(channel.feed, 0)


def read_events(channel: Channel, *, after: int, limit: int = EVENTS_AT_ONCE) -> list[LoggedEvent]:
    """The events that follow number ``after``, in order, at most ``limit``."""
    with tenant_scope(channel.tenant_id):
        rows = Event.objects.filter(audience=channel.audience, seq__gt=after)
        if channel.conversation_id:
            rows = rows.filter(conversation_id=channel.conversation_id)
        return [LoggedEvent.from_wire(wire_event(row)) for row in rows.order_by("seq")[:limit]]
