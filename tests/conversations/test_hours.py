from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from conversations.hours import is_open, next_opening


def schedule(*hours, timezone="Europe/Vienna", enabled=True):
    rows = [dict(zip(("day", "opens", "closes"), row, strict=True)) for row in hours]
    return {"enabled": enabled, "timezone": timezone, "hours": rows}


def at(text, timezone="Europe/Vienna"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


WEEK = schedule(*((day, "09:00", "17:30") for day in range(1, 6)))
NIGHT = schedule((6, "20:00", "03:00"), (7, "22:00", "00:00"))


@pytest.mark.parametrize(
    ("hours", "moment", "opens"),
    [
        (WEEK, "2026-06-01 09:00", None),
        (WEEK, "2026-06-01 17:29:59", None),
        (WEEK, "2026-06-01 08:59", "2026-06-01 09:00"),
        (WEEK, "2026-06-01 17:30", "2026-06-02 09:00"),
        # From Friday evening over the weekend in which the clocks change.
        (WEEK, "2026-03-27 18:00", "2026-03-30 09:00"),
        (WEEK, "2026-10-23 18:00", "2026-10-26 09:00"),
        # Past midnight, into the day after and up to its end.
        (NIGHT, "2026-06-06 23:00", None),
        (NIGHT, "2026-06-07 02:59", None),
        (NIGHT, "2026-06-07 03:00", "2026-06-07 22:00"),
        (NIGHT, "2026-06-07 23:59", None),
        (NIGHT, "2026-06-08 00:00", "2026-06-13 20:00"),
        # All day and all night; one day a week, looked at just after it.
        (schedule((1, "00:00", "00:00")), "2026-06-01 23:59", None),
        (schedule((1, "09:00", "10:00")), "2026-06-01 10:00", "2026-06-08 09:00"),
        (NIGHT, "2026-10-25 02:59", None),
    ],
)
def test_a_door_opens_by_the_clock_on_its_wall(hours, moment, opens):
    now = at(moment)

    assert is_open(hours, now) is (opens is None)
    assert next_opening(hours, now) == (opens and at(opens))


def test_the_same_moment_is_open_in_one_place_and_closed_in_another():
    now = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)

    assert is_open(WEEK, now)
    assert not is_open({**WEEK, "timezone": "America/New_York"}, now)
    assert next_opening({**WEEK, "timezone": "America/New_York"}, now).hour == 14
    assert is_open({**WEEK, "timezone": "Asia/Kathmandu"}, now)


@pytest.mark.parametrize(
    ("hours", "moment", "is_it"),
    [
        # 02:30 comes twice in autumn: open from the first, until the second.
        (schedule((7, "02:30", "06:00")), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        (schedule((7, "00:00", "02:30")), datetime(2026, 10, 25, 1, 29, tzinfo=UTC), True),
        (schedule((7, "00:00", "02:30")), datetime(2026, 10, 25, 1, 30, tzinfo=UTC), False),
        # And not at all in spring, when half past two is half past three.
        (schedule((7, "02:30", "06:00")), datetime(2026, 3, 29, 1, 29, tzinfo=UTC), False),
        (schedule((7, "02:30", "06:00")), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), True),
    ],
)
def test_hours_that_are_repeated_or_left_out(hours, moment, is_it):
    assert is_open(hours, moment) is is_it


def test_without_hours_it_is_always_or_never_open():
    now = datetime.now(UTC)

    assert is_open(schedule(enabled=False), now)
    assert not is_open(schedule(), now)
    assert next_opening(schedule(), now) is None
