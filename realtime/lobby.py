"""Keeps one address from holding many sockets that never say who they are."""

import asyncio

PATIENCE_SECONDS = 4.0


class Lobby:
    """The sockets of this process that have not authenticated yet, by address.

    A full address's sockets queue for a moment, because after a restart a whole office comes back
    at once and each of its sockets is gone from here within milliseconds.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    async def enter(self, address: str, *, places: int) -> bool:
        """Take a place, waiting for one if need be; False when none came free in time."""
        room = self._rooms.setdefault(address, _Room(places))
        room.members += 1
        entered = False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                entered = await room.places.acquire()
        except TimeoutError:
            pass
        finally:
            if not entered:
                self._forget(address)
        return entered

    def leave(self, address: str) -> None:
        self._rooms[address].places.release()
        self._forget(address)

    def _forget(self, address: str) -> None:
        room = self._rooms[address]
        room.members -= 1
        if not room.members:
            del self._rooms[address]


class _Room:
    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.members = 0
