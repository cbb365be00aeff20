"""How often things may be done: exact moving windows in Redis, and in this process without it.

``hit`` waits for Redis, 200 ms at most: call it from a thread, never from an event loop.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import cast

import redis
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from tenants import metrics
from tenants.errors import TooManyRequests
from tenants.network import ip_bucket

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.2
PAUSE_SECONDS = 5.0
WINDOWS_HELD = 100_000
# As the library's own script for one window, with three differences: several windows at once, all
# or none; Redis' clock instead of ours; and for a refusal the seconds until the next is allowed.
ACQUIRE_ALL = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local wait, fullest = 0, 0
for i, key in ipairs(KEYS) do
    local blocking = redis.call('LINDEX', key, ARGV[2 * i - 1] - 1)
    if blocking then
        local left = tonumber(blocking) + ARGV[2 * i] - now
        if left > wait then
            wait, fullest = left, i
        end
    end
end
if wait > 0 then
    return {tostring(wait), fullest}
end
for i, key in ipairs(KEYS) do
    redis.call('LPUSH', key, string.format('%.6f', now))
    redis.call('LTRIM', key, 0, ARGV[2 * i - 1] - 1)
    redis.call('EXPIRE', key, ARGV[2 * i])
end
return {'0', 0}
"""


@dataclass(frozen=True)
class Limit:
    """``window`` for each tenant and key; the last key of one that is ``per_ip`` is an address."""

    name: str
    window: RateLimitItem
    per_ip: bool = False

    def of(self, tenant_id: object, *keys: object) -> "Window":
        parts = [str(key) for key in keys]
        if self.per_ip:
            parts[-1] = ip_bucket(parts[-1])
        # Digested: keys of any length and content, and no address or e-mail in Redis.
        digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
        return Window(f"{tenant_id}:{self.name}:{digest}", self.window, self.name)


@dataclass(frozen=True)
class Window:
    """One limit for one caller."""

    key: str
    item: RateLimitItem
    rule: str


@dataclass(frozen=True)
class Refusal:
    """The window that stays full for the longest, and for how many seconds from now."""

    rule: str
    seconds: float


CHAT_PER_SESSION = Limit("chat", RateLimitItemPerMinute(20))
CHAT_PER_IP = Limit("chat-ip", RateLimitItemPerMinute(60), per_ip=True)
NEW_SESSIONS = Limit("new-sessions", RateLimitItemPerMinute(10, 10), per_ip=True)
SESSIONS_PER_PERSON = Limit("person-sessions", RateLimitItemPerMinute(30, 10))
LOG_IN = Limit("log-in", RateLimitItemPerMinute(5, 5), per_ip=True)
# Of one account, from anywhere: whoever guesses codes has the password.
SECOND_FACTOR = Limit("second-factor", RateLimitItemPerMinute(10, 15))
RESET_PER_IP = Limit("reset-ip", RateLimitItemPerMinute(10, 60), per_ip=True)
RESET_PER_ADDRESS = Limit("reset-address", RateLimitItemPerMinute(3, 60))
INVITATIONS = Limit("invitations", RateLimitItemPerDay(100))
VOICE_START_PER_SESSION = Limit("voice", RateLimitItemPerMinute(3, 10))
VOICE_START_PER_IP = Limit("voice-ip", RateLimitItemPerDay(10), per_ip=True)
ANALYSES = Limit("analyses", RateLimitItemPerMinute(60))
EXPORTS = Limit("exports", RateLimitItemPerMinute(10, 10))
UPLOAD_PER_SESSION = Limit("upload", RateLimitItemPerMinute(10, 10))
RATINGS_PER_SESSION = Limit("rating", RateLimitItemPerMinute(10, 10))
TRANSCRIPTS_PER_SESSION = Limit("transcript", RateLimitItemPerMinute(10, 10))
TRANSCRIPT_MAILS_PER_SESSION = Limit("transcript-mail", RateLimitItemPerMinute(3, 60))
TRANSCRIPT_MAILS_PER_ADDRESS = Limit("transcript-mail-address", RateLimitItemPerMinute(3, 60))
TRANSCRIPT_MAILS_PER_IP = Limit("transcript-mail-ip", RateLimitItemPerDay(10), per_ip=True)
PRESENCE_PER_IP = Limit("presence-ip", RateLimitItemPerMinute(300), per_ip=True)
WAITING_MAILS = Limit("waiting-mail", RateLimitItemPerMinute(30, 60))


def hit(limit: Limit, tenant_id: object, *keys: object, exempt: bool = False) -> None:
    """Count one use; raises TooManyRequests, and counts nothing, when the window is full."""
    hit_all(limit.of(tenant_id, *keys), exempt=exempt)


def hit_message(tenant_id: object, session_id: object, *ips: object, exempt: bool = False) -> None:
    """Count one more message, from the visitor's own address; from none where a server calls."""
    per_ip = (CHAT_PER_IP.of(tenant_id, ip) for ip in ips)
    hit_all(CHAT_PER_SESSION.of(tenant_id, session_id), *per_ip, exempt=exempt)


def hit_all(*windows: Window, exempt: bool = False) -> None:
    """Count one use in every window or, when any is full, in none; one round trip."""
    refusal = None if exempt else _limiter(settings.REDIS_URL).acquire(windows)
    if refusal is not None:
        metrics.REFUSALS.labels(refusal.rule).inc()
        raise TooManyRequests(retry_after=math.ceil(refusal.seconds))


def _limiter(url: str) -> "Limiter":
    # The cache alone would let the first callers of several threads each make one.
    with _making:
        return _limiter_for(url)


@lru_cache(maxsize=4)
def _limiter_for(url: str) -> "Limiter":
    return Limiter(url)


_making = threading.Lock()


class Limiter:
    """Counts in Redis; for five seconds after a failure, in this process."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = client.register_script(ACQUIRE_ALL)
        self._local = LocalWindows()
        self._away_until = 0.0
        self._lock = threading.Lock()

    def acquire(self, windows: tuple[Window, ...]) -> Refusal | None:
        """Count one use in all windows, or say which one refuses it."""
        if not self._may_ask():
            return self._local.acquire(windows)
        try:
            seconds, fullest = self._ask(windows)
        except redis.RedisError as error:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("Limits are counted in this process: %s", type(error).__name__)
            return self._local.acquire(windows)
        if self._away_until:
            self._away_until, self._local = 0.0, LocalWindows()
        return Refusal(windows[fullest - 1].rule, float(seconds)) if fullest else None

    def _may_ask(self) -> bool:
        """Whether to try Redis; after a failure one caller finds out for all the others."""
        if not self._away_until:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._away_until:
                return False
            self._away_until = now + PAUSE_SECONDS
            return True

    def _ask(self, windows: tuple[Window, ...]) -> tuple[bytes, int]:
        """Seconds to wait, and for which window, counted from one; zeros when it is counted."""
        figures = [(window.item.amount, window.item.get_expiry()) for window in windows]
        answer = self._script([window.key for window in windows], list(chain(*figures)))
        return cast(tuple[bytes, int], answer)


class LocalWindows:
    """The same windows in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._storage = MemoryStorage()
        self._windows = MovingWindowRateLimiter(self._storage)
        # Which were asked for, the latest last.
        self._held: dict[Window, None] = {}

    def acquire(self, windows: tuple[Window, ...]) -> Refusal | None:
        with self._lock:
            self._hold(windows)
            refusals = [Refusal(window.rule, self._wait(window)) for window in windows]
            longest = max(refusals, key=lambda refusal: refusal.seconds)
            if longest.seconds:
                return longest
            for window in windows:
                self._windows.hit(window.item, window.key)
        return None

    def _hold(self, windows: tuple[Window, ...]) -> None:
        """Forget what was not asked for the longest, so that many new callers free no old one."""
        for window in windows:
            self._held.pop(window, None)
            self._held[window] = None
        while len(self._held) > WINDOWS_HELD:
            oldest = next(iter(self._held))
            del self._held[oldest]
            # The library keeps the name of every window that it ever counted. A thread of its own
            # looks through them, under this lock.
            key = oldest.item.key_for(oldest.key)
            with self._storage.locks[key]:
                self._storage.clear(key)

    def _wait(self, window: Window) -> float:
        if self._windows.test(window.item, window.key):
            return 0.0
        reset_time = self._windows.get_window_stats(window.item, window.key).reset_time
        return max(0.001, reset_time - time.time())
