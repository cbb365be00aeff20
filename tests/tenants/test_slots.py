"""Who may work at once, and who waits for whom."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from tenants.slots import Slots


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

        async with asyncio.timeout(1), slots.one_for(uuid4()):
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
