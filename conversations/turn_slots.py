"""Room for what the worker does at once, shared so that nobody's hanging model fills it."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

# Most of them wait for a model, which costs next to nothing.
CONCURRENT_TURNS = 400


class TurnSlots:
    """A tenant may hold as many slots as are free.

    Alone it gets half of them, beside another a third; and however many tenants' models hang, as
    many slots as each of those holds stay free for everybody else.
    """

    def __init__(self) -> None:
        self._free = CONCURRENT_TURNS
        self._held: Counter[UUID] = Counter()
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def one_for(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Hold one of the tenant's slots as soon as there is one for it."""
        slot = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant_id, deque()).append(slot)
        self._hand_out()
        try:
            await slot
            yield
        finally:
            # It may have been handed out to somebody who was cancelled before they noticed.
            if not slot.cancelled():
                self._take_back(tenant_id)

    def _hand_out(self) -> None:
        """Serve those who wait: first the tenant that holds the fewest, there who came first."""
        while self._waiting:
            tenant_id = min(self._waiting, key=self._held.__getitem__)
            if self._held[tenant_id] >= self._free:
                return
            queue = self._waiting[tenant_id]
            slot = queue.popleft()
            if not queue:
                del self._waiting[tenant_id]
            if not slot.cancelled():
                slot.set_result(None)
                self._free -= 1
                self._held[tenant_id] += 1

    def _take_back(self, tenant_id: UUID) -> None:
        self._free += 1
        self._held[tenant_id] -= 1
        if not self._held[tenant_id]:
            del self._held[tenant_id]
        self._hand_out()
