"""Who may work at once, and who waits for whom."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from tenants.slots import Slots, least_served


@pytest.fixture
def slots():
    return Slots(12)


@asynccontextmanager
async def hanging(slots, *tenants, each=20):
    """So many turns of every tenant, all of which never end; yields them by their tenant."""

    async def hang(tenant):
        async with slots.one_for(tenant):
            working[tenant] += 1
            await asyncio.Event().wait()

    working = dict.fromkeys(tenants, 0)
    tasks = [asyncio.create_task(hang(tenant)) for _ in range(each) for tenant in tenants]
    await _settled()
    try:
        yield working, tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _settled():
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("tenants", "each"), [(1, 6), (2, 4), (3, 3), (5, 2), (11, 1)])
async def test_tenants_that_hang_leave_as_many_slots_as_each_of_them_holds(slots, tenants, each):
    async with hanging(slots, *(uuid4() for _ in range(tenants))) as (working, _):
        assert list(working.values()) == [each] * tenants

        async with asyncio.timeout(5), slots.one_for(uuid4()):
            pass


async def test_what_ends_makes_room_for_whoever_holds_least(slots):
    greedy, modest = uuid4(), uuid4()
    async with hanging(slots, greedy) as (many, tasks), hanging(slots, modest) as (few, _):
        assert (many[greedy], few[modest]) == (6, 3)

        for task in tasks[:2]:
            task.cancel()
        await _settled()

        assert (many[greedy], few[modest]) == (6, 4)


async def test_whoever_gave_up_waiting_leaves_no_slot_taken(slots):
    tenant = uuid4()
    async with hanging(slots, tenant) as (_, tasks):
        # Some are handed a slot by those before them, and cancelled in the same moment.
        for task in tasks:
            task.cancel()
    await _settled()

    assert (slots._free, slots._held, slots._waiting) == (12, {}, {})


@pytest.mark.parametrize(
    ("waiting", "served", "next_one"),
    [
        ("", "a", None),
        ("ab", "", "a"),
        ("abcd", "ab", "c"),
        ("abc", "aabcc", "b"),
        ("abc", "aabbccz", "a"),
    ],
)
def test_the_first_of_those_who_have_least_is_next(waiting, served, next_one):
    assert least_served(waiting, Counter(served)) == next_one


def test_who_is_next_is_found_without_a_look_at_all_who_wait():
    looked_at = []
    waiting = (looked_at.append(number) or number for number in range(10_000))

    assert least_served(waiting, Counter(range(8))) == 8
    assert len(looked_at) == 9
