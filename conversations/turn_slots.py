"""Room for what the worker does at once, of which no tenant gets more than its share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

CONCURRENT_TURNS = 100
TURNS_OF_A_TENANT = 25


class TurnSlots:
    """A tenant whose model hangs waits for itself before it makes others wait."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(CONCURRENT_TURNS)
        # Each lives for as long as somebody holds it or waits for it.
        self._shares: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one_for(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Hold one of the tenant's slots as soon as one is free."""
        share = self._shares.setdefault(tenant_id, asyncio.Semaphore(TURNS_OF_A_TENANT))
        async with share, self._all:
            yield
