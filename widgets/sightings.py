"""Where a bubble was seen: the sites whose pages asked for its configuration of late."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Now

from tenants.network import normal_origin
from widgets.models import Bubble, Sighting

ORIGINS_PER_BUBBLE = 20
SECONDS_BETWEEN = 60.0
REMEMBERED_BUBBLES = 10_000


@dataclass
class _Seen:
    """What this process has seen of a bubble and not written yet."""

    until: float = 0.0
    origins: set[str] = field(default_factory=set)


_seen: OrderedDict[UUID, _Seen] = OrderedDict()
_lock = threading.Lock()


def note(bubble: Bubble, origin: str | None) -> None:
    """Note the origin of a page that shows the bubble, in the tenant's scope.

    Each process writes once a minute for a bubble: what it has seen since.
    """
    normal = normal_origin(origin or "")
    if normal is None or len(normal) > 300:
        return
    if due := _due(bubble.pk, normal):
        _write(bubble, due)


def of(bubble: Bubble) -> list[Sighting]:
    """The bubble's sightings, the latest first, in the tenant's scope."""
    return list(Sighting.objects.filter(bubble=bubble).order_by("-seen_at", "origin"))


def latest(bubble: Bubble) -> Sighting | None:
    """When and where a page last showed the bubble, in the tenant's scope."""
    return next(iter(of(bubble)), None)


def _due(bubble_id: UUID, origin: str) -> set[str]:
    """What is to be written now."""
    now = time.monotonic()
    with _lock:
        seen = _seen.setdefault(bubble_id, _Seen())
        _seen.move_to_end(bubble_id)
        if len(_seen) > REMEMBERED_BUBBLES:
            _seen.popitem(last=False)
        if len(seen.origins) < ORIGINS_PER_BUBBLE:
            seen.origins.add(origin)
        if now < seen.until:
            return set()
        seen.until = now + SECONDS_BETWEEN
        due, seen.origins = seen.origins, set()
        return due


def _write(bubble: Bubble, origins: set[str]) -> None:
    # In one order, so that no two processes wait for each other.
    rows = [
        Sighting(tenant_id=bubble.tenant_id, bubble=bubble, origin=origin, seen_at=Now())
        for origin in sorted(origins)
    ]
    Sighting.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["bubble", "origin"],
        update_fields=["seen_at"],
    )
    latest = Sighting.objects.filter(bubble=bubble).order_by("-seen_at", "origin")
    kept = latest.values("pk")[:ORIGINS_PER_BUBBLE]
    Sighting.objects.filter(bubble=bubble).exclude(pk__in=kept).delete()
