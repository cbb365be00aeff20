"""When a door is open: business hours as they are kept in a place, told in moments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS_AHEAD = 8


@dataclass(frozen=True)
class Span:
    """Open from the first moment until just before the second."""

    opens: datetime
    closes: datetime


def is_open(schedule: Mapping[str, Any], at: datetime) -> bool:
    """Whether the door is open; without hours that are switched on it always is.

    What closes at or before the time it opens does so on the next day.
    """
    return not schedule["enabled"] or any(s.opens <= at < s.closes for s in _spans(schedule, at))


def next_opening(schedule: Mapping[str, Any], at: datetime) -> datetime | None:
    """When a closed door opens; None for one that is open or stays closed."""
    if is_open(schedule, at):
        return None
    return min((s.opens for s in _spans(schedule, at) if s.opens > at), default=None)


def _spans(schedule: Mapping[str, Any], at: datetime) -> Iterator[Span]:
    """Those of the day before, which may last until now, and of the week that follows."""
    zone = ZoneInfo(schedule["timezone"])
    today = at.astimezone(zone).date()
    for day in (today + timedelta(days=n) for n in range(-1, DAYS_AHEAD)):
        for hours in schedule["hours"]:
            if hours["day"] == day.isoweekday():
                is_overnight = hours["closes"] <= hours["opens"]
                last = day + timedelta(days=1) if is_overnight else day
                yield Span(
                    min(_moments(day, hours["opens"], zone)),
                    max(_moments(last, hours["closes"], zone)),
                )


def _moments(day: date, text: str, zone: ZoneInfo) -> list[datetime]:
    """The moments that a clock on the wall may mean: two in the hour that is repeated in autumn.

    In the hour that is left out in spring it means the same time by the clock before.
    """
    said = datetime.combine(day, time.fromisoformat(text), zone)
    moments = [said.astimezone(UTC), said.replace(fold=1).astimezone(UTC)]
    return moments if moments[0] < moments[1] else moments[:1]
