"""The signs of life of processes that nobody calls."""

from datetime import UTC, datetime

from realtime.models import Pulse


def beat(name: str) -> None:
    """Note that a process of this kind lives."""
    Pulse.objects.update_or_create(name=name, defaults={"at": datetime.now(UTC)})
