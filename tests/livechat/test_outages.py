"""The database cannot do its part for a while: everybody is told so, and nobody is lost."""

import asyncio
import time
from contextlib import contextmanager, suppress
from functools import partial

import pytest
from django.db import connections
from psycopg_pool import PoolTimeout

from conversations.models import Message
from livechat.asgi import application
from tenants.drain import draining
from tenants.executor import run_in_db_thread
from tests.dashboard.team import access_token
from tests.factories import make_member
from tests.livechat.asgi_client import Client
from tests.livechat.lines import Line, all_admitted, dialects
from tests.widgets.shops import make_shop

UNAVAILABLE = "not available right now"


@pytest.fixture
def shop(acme, globex):
    acme.is_demo = True
    acme.save()
    make_shop(globex, "")
    return make_shop(acme, "")


@pytest.fixture
def ask(shop):
    """Sends a message over HTTP, and waits for its answer."""
    path, headers = f"/api/widgets/{shop.tenant.id}/chat", {"Authorization": f"Bearer {shop.token}"}
    body = {"sessionId": "s", "message": "Hello?"}
    return partial(Client(application).post, path, body, headers=headers)


@contextmanager
def no_connection_left(*, patience=0.2):
    """Somebody holds every connection that the pool may open."""
    pool, taken = connections["default"].pool, []
    with suppress(PoolTimeout):
        while True:
            # Waits for what others hold for a moment.
            taken.append(pool.getconn(timeout=2))
    pool.timeout, usual = patience, pool.timeout
    try:
        yield
    finally:
        pool.timeout = usual
        for connection in taken:
            pool.putconn(connection)


def texts(shop):
    with shop.scope():
        return list(Message.objects.filter(author_kind="visitor").values_list("text", flat=True))


async def until_stored(shop, count=1):
    async with asyncio.timeout(5):
        while len(await run_in_db_thread(texts, shop)) < count:  # noqa: ASYNC110 -- a poll is plain
            await asyncio.sleep(0.05)


async def test_sockets_outlive_an_outage_or_come_back_after_it(shop, closed_hub):
    spoken, quiet = [await run_in_db_thread(dialects, shop) for _ in range(2)]
    lines, silent = await all_admitted(spoken), await all_admitted(quiet)

    with no_connection_left():
        await asyncio.gather(*(line.ask() for line in lines))
        ends = await asyncio.gather(*(line.end() for line in lines))
    await asyncio.gather(*(line.ask() for line in silent))
    # A member's socket asks for no message.
    await until_stored(shop, len(quiet) - 1)

    assert {code for _, code in ends} == {4503}
    assert all(UNAVAILABLE in last for last, _ in ends)
    # Nothing of what was refused was stored.
    assert await run_in_db_thread(texts, shop) == ["Hello?"] * (len(quiet) - 1)
    for line in [*lines, *silent]:
        await line.disconnect()


async def test_whoever_comes_during_an_outage_is_told_to_come_back(shop, ask, closed_hub):
    spoken = await run_in_db_thread(dialects, shop)
    token = await run_in_db_thread(lambda: access_token(make_member(shop.tenant)))
    lines, client = [Line(each) for each in spoken], Client(application)

    with no_connection_left():
        await asyncio.gather(*(line.begin() for line in lines))
        ends = await asyncio.gather(*(line.end() for line in lines))
        answers = [
            await ask(),
            await client.get("/api/me", headers={"Authorization": f"Bearer {token}"}),
        ]
        ready = await client.get("/readyz")

    assert {code for _, code in ends} == {4503}
    assert all(UNAVAILABLE in last for last, _ in ends)
    for answer in answers:
        assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert (ready.status, ready.json()["failing"][0]) == (503, "database")
    for line in lines:
        await line.disconnect()


async def test_nobody_waits_behind_others_who_wait_in_vain(ask, closed_hub, settings):
    settings.CHAT_WAIT_SECONDS = 0
    with no_connection_left(patience=0.5):
        begun = time.monotonic()
        answers = await asyncio.gather(*(ask() for _ in range(60)))
        took = time.monotonic() - begun

    assert {answer.status for answer in answers} == {503}
    assert took < 2
    # There is no pause for whoever comes when connections are there again.
    assert (await ask()).status == 202


async def test_a_stored_message_is_pending_when_the_database_goes(shop, ask, closed_hub, settings):
    settings.CHAT_WAIT_SECONDS = 1

    waiting = asyncio.create_task(ask())
    await until_stored(shop)
    with no_connection_left():
        answer = await waiting

    assert (answer.status, answer.json()["metadata"]["pending"]) == (202, True)


async def test_a_stored_message_is_pending_when_the_server_drains(shop, ask, closed_hub, settings):
    settings.DRAIN_SECONDS = 0

    waiting = asyncio.create_task(ask())
    await until_stored(shop)
    draining.set()
    try:
        async with asyncio.timeout(5):
            answer = await waiting
    finally:
        draining.clear()

    assert (answer.status, answer.json()["metadata"]["pending"]) == (202, True)
