"""A database that was restored from a backup: clients know events that never were."""

import pytest
from django.core.management import call_command
from django.db import connections

from conversations import visitor_queries
from conversations.models import VisitorSession
from livechat.management.commands import restored
from realtime.feeds import Hub
from realtime.log import Channel
from realtime.models import Event, Head
from tenants.executor import run_in_db_thread
from tenants.scope import platform_scope, tenant_scope
from tests.factories import make_assistant, make_visitor, write
from tests.realtime.reading import Reader, announce


@pytest.fixture
async def hub():
    hub = Hub()
    yield hub
    await hub.close()


def restore(tenant, seq):
    """The log as a backup had it when ``seq`` was its newest event."""
    with platform_scope("a test restores a backup"):
        Head.objects.filter(feed=tenant.id).update(seq=seq)
        Event.objects.filter(tenant=tenant, seq__gt=seq).delete()


async def test_nobody_takes_the_events_after_a_backup_for_those_before(hub, acme, globex):
    for tenant in (acme, globex):
        await run_in_db_thread(announce, tenant, "one", "two", "three")
    watching = Reader()
    await hub.subscribe(Channel(acme.id), watching.deliver, watching.replay)

    await run_in_db_thread(restore, acme, 2)
    await run_in_db_thread(call_command, "restored", verbosity=0)
    # What is new takes the numbers of what was lost, and more of them.
    await run_in_db_thread(announce, acme, "another three", "four")
    returning = Reader()
    await hub.subscribe(Channel(acme.id), returning.deliver, returning.replay, after=3)
    await watching.until(1)
    await run_in_db_thread(announce, acme, "five")
    await returning.until(2)
    await watching.until(2)

    for reader in (returning, watching):
        assert reader.frames[0] == {"type": "resync", "data": {}}
        assert reader.frames[-1]["data"] == {"text": "five"}


async def test_a_listener_hears_of_it_though_nothing_happens_any_more(hub, acme, globex):
    await run_in_db_thread(announce, acme, "one")
    watching = Reader()
    await hub.subscribe(Channel(acme.id), watching.deliver, watching.replay)

    await run_in_db_thread(call_command, "restored", verbosity=0)
    await watching.until(1)
    # A second one would come before what follows.
    await run_in_db_thread(announce, acme, "two")
    await watching.until(2)

    assert [frame["type"] for frame in watching.frames] == ["resync", "message:new"]


def test_whoever_polls_starts_afresh_too(acme, globex):
    for tenant in (acme, globex):
        make_assistant(tenant)
    received = write(acme, make_visitor())

    call_command("restored", verbosity=0)

    with tenant_scope(acme.id):
        session = VisitorSession.objects.get()
        told = visitor_queries.events(session, received.conversation_id, after=1)
        again = visitor_queries.events(session, received.conversation_id, after=told["lastEventId"])
    assert [result["type"] for result in told["results"]] == ["resync"]
    assert again["results"] == []


def test_it_may_take_longer_than_a_request(monkeypatch):
    monkeypatch.setattr(restored, "RAISE_HEADS", f"SELECT pg_sleep(0.5); {restored.RAISE_HEADS}")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET statement_timeout = 100")

    call_command("restored", verbosity=0)

    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("30s",)
