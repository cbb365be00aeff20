from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections
from django.test.utils import CaptureQueriesContext

from realtime import bus
from realtime.events import emit
from realtime.log import Channel, read_events, read_head
from realtime.models import Audience, Event
from tenants.errors import Conflict
from tenants.ids import uuid7
from tenants.scope import NoTenant, tenant_scope
from tests.realtime.reading import announce


def test_events_are_numbered_without_gaps_per_tenant(acme, globex):
    announce(acme, "one", "two")
    announce(globex, "other")
    announce(acme, "three")

    assert [(e.seq, e.data["text"]) for e in read_events(Channel(acme.id), after=0)] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]
    assert [e.seq for e in read_events(Channel(globex.id), after=0)] == [1]


def test_a_visitors_feed_has_its_own_numbers(acme):
    conversation_id = uuid7()

    announce(acme, "to the team")
    announce(acme, "to the visitor", conversation_id=conversation_id)

    events = read_events(Channel(acme.id, conversation_id), after=0)
    assert [(e.seq, e.data["text"]) for e in events] == [(1, "to the visitor")]
    assert read_head(Channel(acme.id)) == 1


def test_nothing_is_announced_by_a_scope_that_fails(acme):
    announce(acme, "kept")

    def fail():
        with tenant_scope(acme.id):
            emit(Audience.TEAM, "message:new", {"text": "lost"})
            raise Conflict

    with pytest.raises(Conflict):
        fail()

    announce(acme, "kept too")
    assert [e.seq for e in read_events(Channel(acme.id), after=0)] == [1, 2]


def test_emitting_outside_a_scope_is_an_error():
    with pytest.raises(NoTenant):
        emit(Audience.TEAM, "message:new", {})


def test_many_writers_leave_one_gapless_order_and_no_deadlock(acme):
    conversations = [uuid7() for _ in range(3)]

    def write(number):
        try:
            with tenant_scope(acme.id):
                emit(Audience.TEAM, "message:new", {"number": number})
                for conversation_id in (conversations, conversations[::-1])[number % 2]:
                    emit(
                        Audience.VISITOR,
                        "message:new",
                        {"number": number},
                        conversation_id=conversation_id,
                    )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(80)))

    for channel in (Channel(acme.id), *(Channel(acme.id, one) for one in conversations)):
        assert [e.seq for e in read_events(channel, after=0)] == list(range(1, 81))


@pytest.mark.parametrize("turned", [1, -1])
def test_heads_are_locked_in_one_order_the_tenants_last(acme, turned):
    conversations = sorted(uuid7() for _ in range(3))

    with CaptureQueriesContext(connection) as queries, tenant_scope(acme.id):
        emit(Audience.TEAM, "message:new", {})
        for one in conversations[::turned]:
            emit(Audience.VISITOR, "message:new", {}, conversation_id=one)

    (statement,) = [each["sql"] for each in queries if "INTO realtime_head" in each["sql"]]
    feeds = [*conversations, acme.id]
    assert sorted(feeds, key=lambda feed: statement.index(feed.hex)) == feeds


@pytest.mark.parametrize("conversation_id", [None, uuid7()], ids=["team", "visitor"])
def test_a_number_is_never_used_twice(acme, globex, conversation_id):
    announce(acme, "one", conversation_id=conversation_id)
    announce(globex, "one", conversation_id=conversation_id and uuid7())

    with tenant_scope(acme.id):
        twin = Event.objects.get()
    twin.pk = uuid7()

    with pytest.raises(IntegrityError), tenant_scope(acme.id):
        twin.save(force_insert=True)

    with tenant_scope(acme.id):
        assert Event.objects.count() == 1


def test_nothing_is_told_before_it_is_committed(acme, monkeypatch):
    told = []
    monkeypatch.setattr(
        bus, "publish", lambda tenant_id, message: told.append(connection.in_atomic_block)
    )

    announce(acme, "one")

    assert told == [False]
