import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest
import redis
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from livechat.embedded.redis import EmbeddedRedis
from tenants import limits
from tenants.errors import TooManyRequests
from tenants.ids import uuid7
from tenants.limits import Limit, Limiter, hit, hit_all
from tests.figures import figure

TWENTY = Limit("test", RateLimitItemPerMinute(20))
SHORT = Limit("short", RateLimitItemPerSecond(2, 2))


def passes(limit, *keys):
    try:
        hit(limit, *keys)
    except TooManyRequests:
        return False
    return True


@pytest.fixture
def own_redis(tmp_path, settings):
    """A Redis that a test may freeze or end."""
    (tmp_path / "log").mkdir()
    server = EmbeddedRedis(tmp_path, throwaway=True)
    server.start()
    settings.REDIS_URL = server.url()
    yield server
    server.child.send_signal(signal.SIGCONT)
    server.stop(by=time.monotonic() + 3)


@pytest.fixture
def no_redis(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


@pytest.fixture
def soon(monkeypatch):
    """Redis is tried again after a moment instead of five seconds."""
    monkeypatch.setattr(limits, "PAUSE_SECONDS", 1)


def test_exactly_the_allowed_number_passes_whoever_asks_at_once(acme, globex):
    with ThreadPoolExecutor(40) as threads:
        passed = list(threads.map(lambda _: passes(TWENTY, acme.id, "one"), range(120)))

    assert sum(passed) == 20
    assert passes(TWENTY, acme.id, "another")
    assert passes(TWENTY, globex.id, "one")


def test_without_redis_it_is_as_exact_in_this_process(acme, no_redis):
    with ThreadPoolExecutor(40) as threads:
        passed = list(threads.map(lambda _: passes(TWENTY, acme.id, "one"), range(120)))

    assert sum(passed) == 20


@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_a_refused_caller_is_told_the_exact_second(acme, redis_is, request):
    if redis_is == "away":
        request.getfixturevalue("no_redis")
    hit(SHORT, acme.id)
    start = time.monotonic()
    hit(SHORT, acme.id)

    with pytest.raises(TooManyRequests) as error:
        hit(SHORT, acme.id)

    assert (error.value.status, error.value.code) == (429, "rate_limited")
    assert error.value.retry_after == 2
    time.sleep(error.value.retry_after - (time.monotonic() - start) + 0.05)
    assert passes(SHORT, acme.id)


def test_the_window_moves(acme):
    """Two in two seconds: the third passes when the first is two seconds old, the fourth not."""
    start = time.monotonic()
    hit(SHORT, acme.id)
    time.sleep(1)
    hit(SHORT, acme.id)
    assert not passes(SHORT, acme.id)

    time.sleep(2.05 - (time.monotonic() - start))

    assert passes(SHORT, acme.id)
    assert not passes(SHORT, acme.id)


def test_a_refused_use_does_not_count(acme):
    for _ in range(2):
        hit(SHORT, acme.id)
    start = time.monotonic()
    while time.monotonic() - start < 1.5:
        assert not passes(SHORT, acme.id)
        time.sleep(0.1)

    time.sleep(0.6)

    assert passes(SHORT, acme.id)


@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_several_limits_count_together_or_not_at_all(acme, redis_is, request):
    if redis_is == "away":
        request.getfixturevalue("no_redis")
    roomy, narrow = TWENTY.of(acme.id, "roomy"), SHORT.of(acme.id, "narrow")
    for _ in range(2):
        hit_all(roomy, narrow)
    for _ in range(30):
        with pytest.raises(TooManyRequests):
            hit_all(roomy, narrow)

    left = [passes(TWENTY, acme.id, "roomy") for _ in range(30)]

    assert sum(left) == 18


@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_the_longest_wait_is_told_and_counted_by_its_rule(acme, redis_is, request):
    if redis_is == "away":
        request.getfixturevalue("no_redis")
    counted = figure("livechat_rate_limit_refusals_total", rule="hour")
    hour = Limit("hour", RateLimitItemPerMinute(1, 60))
    windows = [hour.of(acme.id), SHORT.of(acme.id)]
    hit_all(*windows)

    with pytest.raises(TooManyRequests) as error:
        hit_all(*windows)

    assert error.value.retry_after == 3600
    assert figure("livechat_rate_limit_refusals_total", rule="hour") == counted + 1


def test_a_tenant_that_is_exempt_is_not_counted(acme):
    for _ in range(50):
        hit(TWENTY, acme.id, exempt=True)

    assert passes(TWENTY, acme.id)


def test_addresses_of_one_ipv6_customer_count_as_one(acme):
    limit = Limit("ip", RateLimitItemPerMinute(1), per_ip=True)

    assert passes(limit, acme.id, "2001:db8::1")
    assert not passes(limit, acme.id, "2001:db8::2")
    assert passes(limit, acme.id, "2001:db8:0:1::1")


def test_keys_hold_the_tenant_and_nothing_personal(acme):
    key = limits.LOG_IN.of(acme.id, "ada@acme.example", "1.2.3.4").key

    assert key.startswith(f"{acme.id}:log-in:")
    assert "ada" not in key
    assert "1.2.3.4" not in key


def test_keys_of_any_content_stay_apart():
    odd = ["", "a", "a\0b", "a:b", "ä", "\ud800", "x" * 10_000]

    assert len({TWENTY.of("t", key).key for key in odd}) == len(odd)
    assert TWENTY.of("t", "a", "b").key != TWENTY.of("t", "ab").key


@pytest.mark.parametrize(
    ("limit", "amount", "seconds"),
    [
        (limits.CHAT_PER_SESSION, 20, 60),
        (limits.CHAT_PER_IP, 60, 60),
        (limits.NEW_SESSIONS, 10, 600),
        (limits.LOG_IN, 5, 300),
        (limits.VOICE_START_PER_SESSION, 3, 600),
        (limits.VOICE_START_PER_IP, 10, 86_400),
        (limits.UPLOAD_PER_SESSION, 10, 600),
    ],
)
def test_the_limits_are_the_documented_ones(limit, amount, seconds):
    assert (limit.window.amount, limit.window.get_expiry()) == (amount, seconds)


def test_a_dead_redis_is_noticed_at_once_and_found_again(acme, own_redis, soon):
    hit(TWENTY, acme.id)
    own_redis.child.send_signal(signal.SIGKILL)
    own_redis.child.wait()

    start = time.monotonic()
    passed = sum(passes(TWENTY, acme.id) for _ in range(30))
    assert time.monotonic() - start < 1
    assert passed == 20

    own_redis.relaunch()
    time.sleep(1.1)
    assert passes(TWENTY, acme.id)
    assert limits._limiter(own_redis.url())._away_until == 0


def test_a_frozen_redis_costs_one_caller_a_moment(acme, own_redis, soon, monkeypatch):
    hit(TWENTY, acme.id)
    os.kill(own_redis.child.pid, signal.SIGSTOP)

    def seconds(_):
        start = time.monotonic()
        hit(Limit("free", RateLimitItemPerMinute(1000)), acme.id)
        return time.monotonic() - start

    first = seconds(0)
    following = [seconds(0) for _ in range(20)]
    waited, ask = [], Limiter._ask
    monkeypatch.setattr(Limiter, "_ask", lambda *args: waited.append(args) or ask(*args))
    time.sleep(1.1)
    with ThreadPoolExecutor(12) as threads:
        later = list(threads.map(seconds, range(12)))

    assert 0.15 < first < 1
    assert median(following) < 0.1
    assert max(later) < 1
    assert len(waited) == 1

    os.kill(own_redis.child.pid, signal.SIGCONT)
    time.sleep(1.1)
    assert passes(TWENTY, acme.id)
    assert limits._limiter(own_redis.url())._away_until == 0


def test_a_redis_that_forgot_everything_goes_on_counting(acme, own_redis):
    for _ in range(20):
        hit(TWENTY, acme.id)
    with redis.Redis.from_url(own_redis.url()) as client:
        client.flushall()
        client.script_flush()

    assert sum(passes(TWENTY, acme.id) for _ in range(30)) == 20


def test_one_use_of_several_limits_is_one_round_trip(acme, own_redis):
    windows = [TWENTY.of(acme.id, "a"), TWENTY.of(acme.id, "b")]
    hit_all(*windows)

    with redis.Redis.from_url(own_redis.url()) as client:
        before = client.info("commandstats")
        hit_all(*windows)
        after = client.info("commandstats")

    sent = {
        name: figures["calls"] - before.get(name, {"calls": 0})["calls"]
        for name, figures in after.items()
        if name not in ("cmdstat_info", "cmdstat_time")
    }
    of_the_script = {"cmdstat_lindex": 2, "cmdstat_lpush": 2, "cmdstat_ltrim": 2}
    assert {name: calls for name, calls in sent.items() if calls} == {
        "cmdstat_evalsha": 1,
        "cmdstat_expire": 2,
        **of_the_script,
    }


def test_a_limiter_without_redis_never_fails():
    limiter = Limiter("redis://127.0.0.1:1/0")

    assert limiter.acquire((TWENTY.of(uuid7()),)) is None


def test_without_redis_only_so_many_windows_are_kept(monkeypatch):
    monkeypatch.setattr(limits, "WINDOWS_HELD", 3)
    local = limits.LocalWindows()

    for number in range(20):
        local.acquire((limits.CHAT_PER_SESSION.of("tenant", number),))

    assert len(local._storage.events) <= 4
    assert len(local._held) <= 4


def test_without_redis_many_new_callers_free_nobody_who_goes_on_asking(monkeypatch):
    monkeypatch.setattr(limits, "WINDOWS_HELD", 5)
    local, persistent = limits.LocalWindows(), SHORT.of("tenant", "persistent")

    refused = []
    for number in range(30):
        local.acquire((TWENTY.of("tenant", number),))
        refused.append(local.acquire((persistent,)) is not None)

    assert refused == [False, False, *[True] * 28]
