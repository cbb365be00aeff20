"""Redis may lose everything, die or freeze at any moment, and nobody notices much."""

import asyncio
import logging
import signal
import time
from contextlib import AsyncExitStack, contextmanager

import pytest
import redis

from tests.faults.checker import check
from tests.faults.clients import ask, visiting, watching
from tests.faults.history import History

logger = logging.getLogger(__name__)

CALM_SECONDS = 2
FAULT_SECONDS = 3
SLOWER_BY_SECONDS = 1
BEHIND_SECONDS = 5
ANSWERED_SECONDS = 15
PUSHED_AGAIN_SECONDS = 10
PUSHED_SECONDS = 0.6
OPENED_SECONDS = 3


@contextmanager
def flushed(product):
    with redis.Redis.from_url(product.env["REDIS_URL"]) as client:
        client.flushall()
    yield


@contextmanager
def killed(product):
    product.redis.child.kill()
    product.redis.child.wait()
    try:
        yield
    finally:
        product.relaunch(product.redis)


@contextmanager
def frozen(product):
    product.redis.child.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        product.redis.child.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("fault", [flushed, killed, frozen])
async def test_without_redis_everything_goes_on(product, web, worker, acme, globex, fault):
    stop, histories = asyncio.Event(), {acme: History(), globex: History()}
    async with AsyncExitStack() as lines:
        watchers = {
            tenant: await lines.enter_async_context(watching(web, tenant, history=history))
            for tenant, history in histories.items()
        }
        # Only acme's may write as often as they like.
        visitors = [
            await lines.enter_async_context(visiting(web, tenant, history=histories[tenant]))
            for tenant in (acme, acme, globex)
        ]
        chatter = [
            asyncio.create_task(visitor.chatter(stop, pause=pause))
            for visitor, pause in zip(visitors, (0.2, 0.3, 1), strict=True)
        ]
        await asyncio.sleep(CALM_SECONDS)

        broken_at = time.monotonic()
        with fault(product):
            question = asyncio.create_task(ask(web, acme))
            await new_lines_work(web, acme)
            status, answer = await question
            answered_after = time.monotonic() - broken_at
            await asyncio.sleep(max(0, FAULT_SECONDS - answered_after))
            mended_at = time.monotonic()
        await pushed_again(visitors[0], watchers[acme])
        stop.set()
        await asyncio.gather(*chatter)
        for visitor in visitors:
            await watchers[visitor.tenant].sees(visitor.acks[-1].id, seconds=BEHIND_SECONDS)

    everything = [ack for history in histories.values() for ack in history.confirmed]
    calm = [ack.seconds for ack in everything if ack.acked_at < broken_at]
    broken = [ack.seconds for ack in everything if broken_at < ack.sent_at < mended_at]
    behind = [
        watchers[tenant].feed.seen[ack.id] - ack.acked_at
        for tenant, history in histories.items()
        for ack in history.confirmed
    ]
    logger.info("Slowest send: %.3f s before, %.3f s meanwhile", max(calm), max(broken))
    logger.info("Up to %.2f s behind, answered after %.1f s", max(behind), answered_after)
    assert max(broken) <= max(calm) + SLOWER_BY_SECONDS
    assert max(behind) <= BEHIND_SECONDS
    assert (status, bool(answer["message"])) == (200, True)
    assert answered_after < ANSWERED_SECONDS
    for tenant, history in histories.items():
        assert not history.losses
        check(product, history, tenant, watchers=[watchers[tenant]])


async def new_lines_work(web, tenant):
    """Who comes while Redis is away is served as well as those who were there before."""
    begun = time.monotonic()
    async with watching(web, tenant) as watcher, visiting(web, tenant) as visitor:
        assert time.monotonic() - begun < OPENED_SECONDS
        await watcher.sees((await visitor.say("Hello")).id, seconds=BEHIND_SECONDS)


async def pushed_again(visitor, watcher):
    """Three messages in a row are told at once, which no look at the database every 2 s does."""
    in_a_row = 0
    async with asyncio.timeout(PUSHED_AGAIN_SECONDS):
        while in_a_row < 3:
            ack = await visitor.say("Is it as quick as before?")
            await watcher.sees(ack.id, seconds=BEHIND_SECONDS)
            is_pushed = watcher.feed.seen[ack.id] - ack.acked_at < PUSHED_SECONDS
            in_a_row = in_a_row + 1 if is_pushed else 0
