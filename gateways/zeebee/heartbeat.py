"""Whether anybody is still there: pings, a warning after silence, and then the end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rhythm:
    """In seconds; the last two count from whatever was heard last."""

    ping: float = 20.0
    warn: float = 60.0
    end: float = 90.0


class Heartbeat:
    """Calls ``ping`` again and again, ``warn`` once in each silence, and ``end`` once."""

    def __init__(
        self,
        rhythm: Rhythm,
        *,
        ping: Callable[[], None],
        warn: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        self._rhythm, self._ping, self._warn, self._end = rhythm, ping, warn, end
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._has_warned = False
        self._next_ping = self._loop.call_later(rhythm.ping, self._beat)
        self._next_look = self._loop.call_later(rhythm.warn, self._look)

    def heard(self) -> None:
        """Note that something came; cheap, as it is called for each frame."""
        self._heard_at = self._loop.time()
        self._has_warned = False

    def stop(self) -> None:
        self._next_ping.cancel()
        self._next_look.cancel()

    def _beat(self) -> None:
        self._next_ping = self._loop.call_later(self._rhythm.ping, self._beat)
        self._ping()

    def _look(self) -> None:
        """Look when silence may have lasted long enough, not at each frame."""
        if self._is_due(self._rhythm.end):
            self.stop()
            self._end()
            return
        if self._is_due(self._rhythm.warn) and not self._has_warned:
            self._has_warned = True
            self._warn()
        seconds = self._rhythm.end if self._has_warned else self._rhythm.warn
        self._next_look = self._loop.call_at(self._heard_at + seconds, self._look)

    def _is_due(self, seconds: float) -> bool:
        # Timers may fire a clock's tick early.
        return self._loop.time() + 0.01 >= self._heard_at + seconds
