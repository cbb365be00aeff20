"""Room for what a process does at once, shared so that nobody's hanging work fills it."""

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

# For how long who had work a moment ago is company.
COMPANY_SECONDS = 3.0


def least_served(waiting: Iterable[T], served: Counter[T]) -> T | None:
    """The first of those who wait that is served least; ``served`` holds no zeros.

    It looks at no more of them than are served, however many wait.
    """
    busy = []
    for sharer in waiting:
        if sharer not in served:
            return sharer
        busy.append(sharer)
    return min(busy, key=served.__getitem__, default=None)


class Company:
    """Who had work last, and who else did before; our own work is nobody's."""

    def __init__(self) -> None:
        self._last, self._last_at = "", -math.inf
        self._other_at = -math.inf

    def note(self, sharer: str) -> None:
        """The sharer has work."""
        if not sharer:
            return
        if sharer != self._last:
            self._last, self._other_at = sharer, self._last_at
        self._last_at = time.monotonic()

    def of(self, sharer: str) -> bool:
        """Whether anybody else had work a moment ago."""
        at = self._other_at if sharer == self._last else self._last_at
        return 0 <= time.monotonic() - at < COMPANY_SECONDS


class Slots:
    """A sharer, often a tenant, may hold as many slots as are free.

    Alone it gets half of them, beside another a third; and however many sharers' work hangs, as
    many slots as each of those holds stay free for everybody else.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.waiting = 0
        self._free = size
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    @property
    def held(self) -> int:
        return self.size - self._free

    @asynccontextmanager
    async def one_for(self, sharer: Hashable) -> AsyncIterator[None]:
        """Hold one of the sharer's slots as soon as there is one for it."""
        slot = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sharer, deque()).append(slot)
        self.waiting += 1
        self._hand_out()
        try:
            try:
                await slot
            finally:
                self.waiting -= 1
            yield
        finally:
            # It may have been handed out to somebody who was cancelled before they noticed.
            if not slot.cancelled():
                self._take_back(sharer)

    def _hand_out(self) -> None:
        """Serve those who wait: first who holds the fewest, there who came first."""
        while (sharer := least_served(self._waiting, self._held)) is not None:
            if self._held[sharer] >= self._free:
                return
            queue = self._waiting[sharer]
            slot = queue.popleft()
            if not queue:
                del self._waiting[sharer]
            if not slot.cancelled():
                slot.set_result(None)
                self._free -= 1
                self._held[sharer] += 1

    def _take_back(self, sharer: Hashable) -> None:
        self._free += 1
        self._held[sharer] -= 1
        if not self._held[sharer]:
            del self._held[sharer]
        self._hand_out()
