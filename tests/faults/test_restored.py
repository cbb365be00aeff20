"""A backup is restored to an empty installation: what was said is there, and the wall stands."""

import asyncio
import time

import httpx
import psycopg
import pytest

from livechat.embedded.postgres import LOGIN_ROLE, OWNER_ROLE
from tests.deployment.empty_postgres import EmptyPostgres
from tests.faults.clients import Visitor, Watcher, holding, until

SET_TENANT = "SELECT set_config('app.tenant', %s, true)"
TEXTS = """
    SELECT text FROM conversations_message
    WHERE conversation_id = %s AND author_kind = 'visitor' ORDER BY seq
"""


@pytest.fixture
def empty(product):
    folder = product.folder / "empty"
    (folder / "log").mkdir(parents=True)
    postgres = EmptyPostgres(folder, throwaway=True)
    product.by_hand(postgres.start)
    yield postgres
    product.by_hand(lambda: postgres.stop(by=time.monotonic() + 5))


async def test_a_backup_is_restored_to_an_empty_installation(product, web, tenants, empty):
    acme, globex = tenants
    dump = product.folder / "livechat.dump"
    ours, theirs = (Visitor(lambda: web.url, tenant) for tenant in tenants)
    watcher = Watcher(lambda: web.url, acme)
    async with holding(ours), holding(theirs), holding(watcher):
        await theirs.say("Elsewhere")
        await ours.say("Before")
        empty.run("pg_dump", "--format=custom", f"--file={dump}", product.env["DATABASE_OWNER_URL"])
        await watcher.sees((await ours.say("After")).id, seconds=5)

    owner = empty.url(OWNER_ROLE)
    empty.run("pg_restore", "--exit-on-error", f"--dbname={owner}", dump)
    env = {"DATABASE_URL": empty.url(LOGIN_ROLE), "DATABASE_OWNER_URL": owner}
    # Numbers that clients remember must not come to mean other events.
    product.run("manage.py", "restored", **env)
    with product.web(**env) as restored:
        again = Visitor(lambda: restored.url, acme, session=ours.session)
        watcher.door = lambda: restored.url
        async with holding(again):
            for text in ("Again", "More", "At last"):
                await again.say(text)
            async with holding(watcher), asyncio.timeout(5):
                await until(lambda: watcher.feed.resyncs)
        ready = await asyncio.to_thread(httpx.get, f"{restored.url}/readyz")

    assert ready.status_code == 200
    assert words(empty, acme, ours) == ["Before", "Again", "More", "At last"]
    assert words(empty, globex, theirs) == ["Elsewhere"]
    assert words(empty, globex, ours) == []


def words(postgres, tenant, visitor):
    """What a visitor said, as the serving login sees it for the tenant; for none it gets an error.

    Each text begins with the words, and goes on with a key of its own.
    """
    with psycopg.connect(postgres.url(LOGIN_ROLE)) as connection:
        with pytest.raises(psycopg.errors.UndefinedObject), connection.transaction():
            connection.execute(TEXTS, [visitor.conversation_id])
        connection.execute(SET_TENANT, [tenant.id])
        found = connection.execute(TEXTS, [visitor.conversation_id]).fetchall()
    return [text.rpartition(" ")[0] for (text,) in found]
