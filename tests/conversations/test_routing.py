"""Who waits longest is answered first, by somebody who is there and has room."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections

from conversations import assigning, availability, engine, queueing, routing, teams
from conversations.message_context import MessageContext
from conversations.models import Availability, Conversation, Message, Queue, Team
from tenants.errors import BadRequest
from tenants.scope import tenant_scope
from tests.conversations.test_engine import do, types
from tests.factories import make_assistant, make_member, make_visitor, write
from tests.waiting import beside


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


def come(tenant, *members, **chosen):
    with tenant_scope(tenant.id):
        for member in members:
            availability.choose(member, status="online", **chosen)


def leave(tenant, member):
    with tenant_scope(tenant.id):
        availability.choose(member, status="away")


def queue_up(tenant, count, team=None):
    """Conversations that wait for a person, in the order in which they began to."""
    made = []
    for _ in range(count):
        received = write(tenant, make_visitor())
        if team:
            do(tenant, received, assigning.pass_on, team)
        do(tenant, received, engine.hand_over, reason="visitor", text="Wait.")
        made.append(received)
    return made


def assignees(tenant, received):
    with tenant_scope(tenant.id):
        found = dict(Conversation.objects.values_list("pk", "assignee_id"))
    return [found[each.conversation_id] for each in received]


def positions(tenant, received):
    with tenant_scope(tenant.id):
        rows = dict(Conversation.objects.values_list("pk", "told_position"))
    return [rows[each.conversation_id] for each in received]


def in_threads(work, count):
    failures = []

    def run():
        try:
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_thirty_wait_for_three_members_who_take_two_each_whoever_routes(acme, globex, assistant):
    waiting = queue_up(acme, 30)
    others = queue_up(globex, 1)
    members = [make_member(acme) for _ in range(3)]
    come(acme, *members, capacity=2)
    told = [positions(acme, waiting)]

    in_threads(lambda: routing.route(acme.id), 4)

    first = assignees(acme, waiting)
    assert Counter(first) == {**{member.id: 2 for member in members}, None: 24}
    assert first[6:] == [None] * 24
    assert set(first[:3]) == set(first[3:6]) == {member.id for member in members}
    told.append(positions(acme, waiting))
    assert told[0] == list(range(1, 31))
    assert told[1][6:] == list(range(1, 25))

    def close_two():
        for received in waiting[:2]:
            do(acme, received, engine.close)
            routing.route(acme.id)

    in_threads(close_two, 3)

    # Closed once each, so that two more have somebody, the oldest of those who waited.
    then = assignees(acme, waiting)
    assert all(then[:8])
    assert then[8:] == [None] * 22
    assert positions(acme, waiting)[8:] == list(range(1, 23))
    assert assignees(globex, others) == [None]
    assert types(acme).count("conversation:assigned") == 8


def test_nobody_stands_in_anothers_way_while_all_write_come_and_go(acme, assistant):
    """Visitors and members hold conversations while others route: none of it ends in a deadlock."""
    members = [make_member(acme) for _ in range(2)]
    come(acme, *members, capacity=2)
    visitors = [make_visitor() for _ in range(6)]
    waiting = []
    for visitor in visitors:
        waiting.append(write(acme, visitor))
        do(acme, waiting[-1], engine.hand_over, reason="visitor", text="Wait.")
    work = [
        *(lambda v=v: write(acme, v, "Hello?") for v in visitors),
        *(lambda r=r: do(acme, r, engine.close) for r in waiting[:3]),
        *(lambda m=m: (leave(acme, m), come(acme, m)) for m in members),
        *[lambda: routing.route(acme.id)] * 4,
    ]
    turn = threading.Lock()

    def next_piece():
        with turn:
            piece = work.pop()
        piece()

    in_threads(next_piece, len(work))
    routing.route(acme.id)

    with tenant_scope(acme.id):
        rows = Conversation.objects.filter(owner="waiting")
        # Those that were closed may have been opened again, with the assistant.
        assert set(rows.values_list("pk", flat=True)) == {r.conversation_id for r in waiting[3:]}
        assert rows.filter(assignee=None).count() == 0
        counts = Counter(rows.values_list("assignee_id", flat=True))
        assert max(counts.values()) <= 2


def test_who_goes_leaves_what_they_did_not_answer_to_the_next_at_the_head(acme, assistant):
    ann, bob = make_member(acme), make_member(acme)
    come(acme, ann, capacity=2)
    first, second, third = waiting = queue_up(acme, 3)
    routing.route(acme.id)
    assert assignees(acme, waiting) == [ann.id, ann.id, None]
    assert positions(acme, [third]) == [1]
    do(acme, first, engine.post_reply, ann, text="Hello!")

    leave(acme, ann)
    routing.route(acme.id)

    assert assignees(acme, waiting) == [ann.id, None, None]
    # Whoever has come back has their place; who was told of the first one is not told otherwise.
    assert positions(acme, [third]) == [1]
    come(acme, bob, capacity=1)
    routing.route(acme.id)
    assert assignees(acme, waiting) == [ann.id, bob.id, None]
    do(acme, second, engine.take_over, bob)
    do(acme, second, engine.give_back)
    routing.route(acme.id)
    assert assignees(acme, waiting) == [ann.id, None, bob.id]
    come(acme, bob, capacity=2)
    fourth = queue_up(acme, 1)
    routing.route(acme.id)
    assert assignees(acme, fourth) == [bob.id]


def test_presence_lapses_and_the_sweep_finds_it(acme, globex, assistant):
    ann = make_member(acme)
    availability.renew(acme.id, ann.id)
    (received,) = queue_up(acme, 1)
    queue_up(globex, 1)
    assert acme.id in routing.due()
    assert globex.id not in routing.due()
    routing.route(acme.id)
    assert assignees(acme, [received]) == [ann.id]
    assert acme.id not in routing.due()

    with tenant_scope(acme.id):
        Availability.objects.update(present_until="2020-01-01T00:00:00Z")
    assert acme.id in routing.due()
    routing.route(acme.id)

    assert assignees(acme, [received]) == [None]
    assert acme.id not in routing.due()
    ann.is_active = False
    ann.save()
    availability.renew(acme.id, ann.id)
    routing.route(acme.id)
    assert assignees(acme, [received]) == [None]


def test_a_team_has_its_own_queue_and_gives_to_who_has_least(acme, assistant):
    ann, bob, cid = (make_member(acme) for _ in range(3))
    with tenant_scope(acme.id):
        sales = teams.create_team(
            name="Sales", strategy="least_loaded", members=[ann, bob], actor="a test"
        )
        empty = teams.create_team(name="Empty", strategy="round_robin", actor="a test")
    come(acme, ann, bob, cid)
    busy = queue_up(acme, 2)
    for received in busy:
        do(acme, received, engine.take_over, ann)
    nobody = queue_up(acme, 1, empty)

    sold = queue_up(acme, 3, sales)
    routing.route(acme.id)

    # Bob has none, then one, then as many as Ann, who got her last before him.
    assert assignees(acme, sold) == [bob.id, bob.id, ann.id]
    assert assignees(acme, nobody) == [None]
    do(acme, sold[0], engine.take_over, bob)
    do(acme, sold[0], assigning.pass_on, None)
    routing.route(acme.id)
    assert assignees(acme, sold[:1]) == [cid.id]
    with tenant_scope(acme.id):
        teams.delete_team(empty, actor="a test")
    routing.route(acme.id)
    assert assignees(acme, nobody) != [None]


def test_a_hand_that_assigns_is_obeyed_and_what_is_parked_makes_room(acme, assistant):
    ann, bob = make_member(acme), make_member(acme)
    come(acme, ann, capacity=1)
    first, second = waiting = queue_up(acme, 2)
    do(acme, first, assigning.assign, bob)

    routing.route(acme.id)

    assert assignees(acme, waiting) == [bob.id, ann.id]
    (third,) = queue_up(acme, 1)
    do(acme, second, engine.set_status, "pending")
    routing.route(acme.id)
    assert assignees(acme, [third]) == [ann.id]


def test_the_last_twenty_first_replies_say_how_long_it_usually_takes(acme, globex, assistant):
    ann = make_member(acme)
    closed = {"enabled": False, "timezone": "UTC", "hours": []}
    for number, received in enumerate(queue_up(acme, 22)):
        with tenant_scope(acme.id):
            waiting = Conversation.objects.filter(pk=received.conversation_id)
            since = waiting.get().waiting_since
            waiting.update(waiting_since=since - (number + 1) * timedelta(minutes=1))
        do(acme, received, engine.post_reply, ann, text="Hello!")
        do(acme, received, engine.post_reply, ann, text="Still there?")

    with tenant_scope(acme.id):
        kept = Queue.objects.get().reply_seconds
        expected = availability.of_queue(acme.id, None, closed)
    assert [seconds // 60 for seconds in kept] == list(range(22, 2, -1))
    assert expected.usual_reply_seconds // 60 == 12
    with tenant_scope(globex.id):
        assert availability.of_queue(globex.id, None, closed).usual_reply_seconds is None
    assert queueing.usual_reply_seconds([]) is None


def test_a_team_goes_while_it_is_replied_to_and_given_another(acme, globex, assistant):
    """Neither waits for what the other has; what comes into it meanwhile waits for everybody."""
    ann = make_member(acme)
    with tenant_scope(acme.id):
        one, two = (
            teams.create_team(name=name, strategy="round_robin", members=[ann], actor="a test")
            for name in ("Sales", "Care")
        )
    first, second = queue_up(acme, 2, one)
    (third,) = queue_up(acme, 1)
    do(acme, first, engine.post_reply, ann, text="Hello!")

    def delete(team):
        with tenant_scope(acme.id):
            teams.delete_team(team, actor="a test")

    with tenant_scope(acme.id):
        replied_to = engine.team_conversation(second.conversation_id)
        while_replying = beside(lambda: delete(one))
        engine.post_reply(replied_to, ann, text="And you!")
    while_replying.result()
    with tenant_scope(acme.id):
        given = engine.team_conversation(third.conversation_id)
        assigning.pass_on(given, two)
        while_given = beside(lambda: delete(two))
    while_given.result()

    with tenant_scope(acme.id):
        assert not Team.objects.exists()
        assert set(Conversation.objects.values_list("team", flat=True)) == {None}
        assert Message.objects.filter(author_kind="agent").count() == 2
        with pytest.raises(BadRequest):
            assigning.pass_on(engine.team_conversation(third.conversation_id), two)


def test_a_team_goes_while_its_door_leads_somebody_to_it(acme, globex, assistant):
    with tenant_scope(acme.id):
        team = teams.create_team(name="Sales", strategy="round_robin", actor="a test")
    theirs = MessageContext(team_id=team.id)

    def delete():
        with tenant_scope(acme.id):
            teams.delete_team(team, actor="a test")

    with tenant_scope(acme.id):
        write(acme, make_visitor(), "Hello", context=theirs)
        deleted = beside(delete)
        assert not deleted.done()
    deleted.result()
    write(acme, make_visitor(), "Hello", context=theirs)

    with tenant_scope(acme.id):
        assert list(Conversation.objects.values_list("team", flat=True)) == [None, None]
