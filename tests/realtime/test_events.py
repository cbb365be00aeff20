from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from realtime.events import emit
from realtime.log import Channel, read_events, read_head
from realtime.models import Audience, Event
from tenants.errors import Conflict
from tenants.ids import uuid7
from tenants.scope import NoTenant, tenant_scope


def announce(tenant, *texts, conversation_id=None):
    audience = Audience.VISITOR if conversation_id else Audience.TEAM
    with tenant_scope(tenant.id):
        for text in texts:
            emit(audience, "message:new", {"text": text}, conversation_id=conversation_id)


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


def test_a_number_is_never_used_twice(acme):
    announce(acme, "one")

    with tenant_scope(acme.id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname IN"
            " ('event_team_seq', 'event_visitor_seq')"
        )
        assert all("UNIQUE" in row[0] for row in cursor.fetchall())
        assert Event.objects.count() == 1
