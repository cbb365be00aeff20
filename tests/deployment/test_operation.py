"""What docs/operations.md tells operators to do, done: upgrade under load, back up and restore."""

import asyncio
import logging
import time
from contextlib import ExitStack

import httpx
import psycopg
import pytest

from livechat.embedded.postgres import LOGIN_ROLE, OWNER_ROLE
from tests.deployment.checker import check
from tests.deployment.clients import DRAINING, Member, Visitor, log_in
from tests.deployment.crowd import SECRET, Crowd
from tests.deployment.empty_postgres import EmptyPostgres
from tests.deployment.fleet import Fleet
from tests.deployment.reverse_proxy import NameServer, needs_linux, needs_nginx, reverse_proxy
from tests.faults.clients import new_session

logger = logging.getLogger(__name__)
pytestmark = needs_linux

WRITTEN = """
    SELECT m.conversation_id::text, array_agg(m.author_kind ORDER BY m.seq)
    FROM conversations_message m
    WHERE m.tenant_id = %s AND m.conversation_id::text = ANY(%s) GROUP BY m.conversation_id
"""
TRACKED = "SELECT count(*) FROM widgets_trackevent WHERE tenant_id = %s"
OPEN_TURNS = """
    SELECT count(*) FROM conversations_turn WHERE state IN ('queued', 'running', 'waiting')
"""
# As docs/operations.md has it: numbers that clients remember must not come to mean other events.
MOVE_ON = "UPDATE realtime_head SET seq = seq + 1000000"
SET_TENANT = "SELECT set_config('app.tenant', %s, true)"
TEXTS = "SELECT text FROM conversations_message WHERE text LIKE 'Said %%' ORDER BY id"


@pytest.fixture(scope="module")
def fleet(product):
    names = NameServer()
    with ExitStack() as stack:
        fleet = Fleet(product, names, stack)
        fleet.start()
        yield fleet
    names.stop()


@pytest.fixture(scope="module")
def proxy(product, fleet):
    with reverse_proxy(product.folder, names=fleet.names, web_port=fleet.port) as proxy:
        yield proxy


@pytest.fixture
def empty(product):
    (product.folder / "empty" / "log").mkdir(parents=True)
    postgres = EmptyPostgres(product.folder / "empty", throwaway=True)
    postgres.start()
    yield postgres
    postgres.stop(by=time.monotonic() + 5)


@needs_nginx
async def test_everything_is_replaced_and_nobody_notices(product, fleet, proxy, tenants):
    acme, globex = tenants
    log_in(proxy, tenants)
    crowd = Crowd(proxy, tenants)
    # Only acme's may write as often as they like.
    await crowd.come(proxy, [(acme, 0.1), (acme, 0.2), (globex, 3)])

    await asyncio.to_thread(fleet.replace_everything)
    await asyncio.sleep(1)
    await crowd.go()

    requests = crowd.requests
    logger.info("Answers: %s", requests.statuses())
    logger.info("Acknowledged: %s and %s", len(crowd.acks(acme)), len(crowd.acks(globex)))
    logger.info("Sockets ended: %s", [dict(each.endings) for each in crowd.sockets()])
    assert set(requests.statuses()) == {200}
    assert product.value(TRACKED, acme.id) == len(requests.tracked)
    assert SECRET not in proxy.log.read_text()
    check_answers(product, acme, [answer.json() for answer in requests.chats])
    for tenant, member in crowd.members.items():
        check(product, tenant, acks=crowd.acks(tenant), watchers=[member])
    for client in crowd.sockets():
        assert (set(client.endings), client.resyncs) == ({DRAINING}, 0)
        told = [event["id"] for event in client.events]
        assert told == list(range(told[0], told[0] + len(told)))


def check_answers(product, tenant, chats):
    """Every question was answered, and once."""
    expected = {chat["conversationId"]: ["visitor", "assistant"] for chat in chats}

    assert all(chat["message"] for chat in chats)
    assert dict(product.rows(WRITTEN, tenant.id, list(expected))) == expected
    assert product.value(OPEN_TURNS) == 0


async def test_a_backup_is_restored_to_an_empty_installation(product, fleet, tenants, empty):
    acme, globex = tenants
    dump = product.folder / "livechat.dump"
    source = product.env["DATABASE_OWNER_URL"]
    web = next(iter(fleet.webs.values()))
    log_in(web, tenants)
    session = await new_session(web.url, acme)
    await say(web, globex, await new_session(web.url, globex), "Said elsewhere")
    await say(web, acme, session, "Said before")
    empty.run("pg_dump", "--format=custom", f"--file={dump}", source)
    known = await say(web, acme, session, "Said after")

    target = empty.url(OWNER_ROLE)
    empty.run("pg_restore", "--exit-on-error", f"--dbname={target}", dump)
    empty.run("psql", "--set=ON_ERROR_STOP=1", f"--command={MOVE_ON}", target)
    env = {"DATABASE_URL": empty.url(LOGIN_ROLE), "DATABASE_OWNER_URL": target}
    with product.web(**env) as web:
        for text in ("Said again", "Said more", "Said at last"):
            last = await say(web, acme, session, text)
        member = Member(web, acme, after=known)
        await resynced(member)
        ready = await asyncio.to_thread(httpx.get, f"{web.url}/readyz")

    assert last > known
    assert texts(empty, acme) == ["Said before", "Said again", "Said more", "Said at last"]
    assert texts(empty, globex) == ["Said elsewhere"]
    assert ready.status_code == 200


async def say(web, tenant, session, text):
    """Say it, and return the number of the last event that a member knows then."""
    member, visitor = Member(web, tenant), Visitor(web, tenant, session)
    await asyncio.gather(member.is_open.wait(), visitor.is_open.wait())
    await member.sees((await visitor.say(text)).id, seconds=5)
    await asyncio.gather(member.leave(), visitor.leave())
    return member.after


async def resynced(member):
    async with asyncio.timeout(5):
        while not member.resyncs:  # noqa: ASYNC110 -- a poll is plain
            await asyncio.sleep(0.05)
    await member.leave()


def texts(postgres, tenant):
    """What the login that serves requests sees of the tenant; without one it sees an error."""
    with psycopg.connect(postgres.url(LOGIN_ROLE)) as connection:
        with pytest.raises(psycopg.errors.UndefinedObject), connection.transaction():
            connection.execute(TEXTS)
        connection.execute(SET_TENANT, [tenant.id])
        return [text for (text,) in connection.execute(TEXTS).fetchall()]
