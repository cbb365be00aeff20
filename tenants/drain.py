"""Whether this process is on its way out; from then on it is not ready for new traffic."""

import time


class Drain:
    def __init__(self) -> None:
        self._since: float | None = None

    def set(self) -> None:
        if self._since is None:
            self._since = time.monotonic()

    def clear(self) -> None:
        self._since = None

    def is_set(self) -> bool:
        return self.has_lasted(0)

    def has_lasted(self, seconds: float) -> bool:
        """Whether it began, and that at least so long ago."""
        return self._since is not None and time.monotonic() - self._since >= seconds


draining = Drain()
