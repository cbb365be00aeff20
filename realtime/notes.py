"""What is true for a moment, kept in Redis alone, which may lose it.

Everything here waits for Redis, 200 ms at most and for five seconds after a failure not at all:
call it from a thread, never from an event loop.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from tenants.errors import Unavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUT_SECONDS = 0.2
PAUSE_SECONDS = 5.0


class Notes:
    """One connection pool, and the memory of whether it was worth anything of late."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._away_until = 0.0

    def ask(self, question: Callable[[redis.Redis], T]) -> T:
        if time.monotonic() < self._away_until:
            raise _unavailable()
        try:
            return question(self._client)
        except redis.RedisError as error:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("Redis keeps no notes: %s", type(error).__name__)
            raise _unavailable() from None


def ask(question: Callable[[redis.Redis], T]) -> T:
    """What Redis answers to this. Raises Unavailable without it."""
    # The cache alone would let the first callers of several threads each make one.
    with _making:
        notes = _notes_at(settings.REDIS_URL)
    return notes.ask(question)


def run(script: str, keys: Sequence[str], *arguments: str | int) -> Any:
    """What a script in Redis' own language returns. Raises Unavailable."""
    return ask(lambda client: client.register_script(script)(list(keys), list(arguments)))


@lru_cache(maxsize=4)
def _notes_at(url: str) -> Notes:
    return Notes(url)


def _unavailable() -> Unavailable:
    return Unavailable(retry_after=int(PAUSE_SECONDS))


_making = threading.Lock()
