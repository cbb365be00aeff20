"""PostgreSQL dies or is away: who asks is told at once, sockets come back, and nothing is lost."""

import asyncio
import logging
import time

import httpx

from tests.faults.checker import check
from tests.faults.clients import PLAIN, QUESTION, visiting, watching
from tests.faults.history import History

logger = logging.getLogger(__name__)

REFUSED_SECONDS = 7
HEALED_SECONDS = 8


async def test_without_postgres_callers_are_told_and_afterwards_everything_goes_on(
    product, web, worker, acme, globex
):
    histories = {tenant: History() for tenant in (acme, globex)}
    async with (
        watching(web, acme, history=histories[acme]) as watcher,
        watching(web, globex, history=histories[globex]) as stranger,
        visiting(web, acme, history=histories[acme]) as visitor,
        visiting(web, globex, history=histories[globex]) as other,
    ):
        await visitor.say("Before")
        await other.say("Before")
        watching_since = (watcher.connections, stranger.connections)
        product.postgres.child.kill()
        product.postgres.child.wait()
        meanwhile = asyncio.create_task(visitor.say("Meanwhile"))
        refused_after = await refused(web, acme)
        await asyncio.to_thread(product.relaunch, product.postgres)
        back_at = time.monotonic()
        stored = await meanwhile
        await watcher.sees(stored.id, seconds=HEALED_SECONDS)
        await visitor.say("After")
        await other.say("After")
        await watcher.sees(visitor.acks[-1].id, seconds=HEALED_SECONDS)
        healed_after = time.monotonic() - back_at

    logger.info("Refused within %.2f s, healed after %.1f s", refused_after, healed_after)
    assert refused_after < REFUSED_SECONDS
    assert healed_after < HEALED_SECONDS
    assert (watcher.connections, stranger.connections) == watching_since
    for tenant, history in histories.items():
        assert "internal" not in history.refusals
        check(product, history, tenant, watchers=[watcher if tenant is acme else stranger])


async def refused(web, tenant):
    """Seconds until a question is refused, as it must be while there is no database."""
    begun = time.monotonic()
    async with httpx.AsyncClient(verify=PLAIN, trust_env=False, timeout=30) as client:
        answer = await client.post(
            f"{web.url}/api/widgets/{tenant.id}/chat",
            json={"sessionId": "refused", "message": QUESTION},
            headers={"Authorization": f"Bearer {tenant.token}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) <= REFUSED_SECONDS
    return time.monotonic() - begun
