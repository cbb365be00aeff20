import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from conversations import assigning, engine, marks
from conversations.models import Conversation, Message, Owner, Status, Turn, TurnState
from conversations.sessions import continue_session
from realtime.log import Channel, read_events
from tenants.errors import BadRequest, Conflict, NotFound, TooManyRequests
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_member, make_visitor, write


def team_events(tenant, *, after=0):
    return [(e.type, e.data) for e in read_events(Channel(tenant.id), after=after)]


def types(tenant, *, after=0):
    return [type for type, _ in team_events(tenant, after=after)]


def conversation_now(tenant, received):
    with tenant_scope(tenant.id):
        return Conversation.objects.get(pk=received.conversation_id)


def do(tenant, received, verb, *args, **kwargs):
    """One verb on the conversation, in a transaction of its own."""
    with tenant_scope(tenant.id):
        return verb(engine.team_conversation(received.conversation_id), *args, **kwargs)


def turn_states(tenant):
    with tenant_scope(tenant.id):
        return list(
            Turn.objects.order_by("question_seq", "created_at").values_list("state", flat=True)
        )


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


def test_a_first_message_makes_a_conversation_a_message_and_a_turn(acme, globex, assistant):
    received = write(acme, make_visitor(), "How much is it?")

    conversation = conversation_now(acme, received)
    assert (conversation.owner, conversation.status, conversation.unread) == ("bot", "open", 1)
    assert types(acme) == ["conversation:new", "message:new"]
    new, message = (data for _, data in team_events(acme))
    assert new["lastMessage"]["text"] == message["text"] == "How much is it?"
    assert (message["seq"], message["author"]["kind"]) == (1, "visitor")
    assert turn_states(acme) == [TurnState.QUEUED]
    assert types(globex) == []


def test_the_visitor_is_told_of_the_message_in_a_feed_of_their_own(acme, assistant):
    received = write(acme, make_visitor(), "Hi")

    events = read_events(Channel(acme.id, received.conversation_id), after=0)
    assert [(e.seq, e.type) for e in events] == [(1, "message:new")]


def test_a_second_message_joins_the_latest_open_conversation(acme, assistant):
    visitor = make_visitor()
    first = write(acme, visitor, "One")

    second = write(acme, visitor, "Two")

    assert second.conversation_id == first.conversation_id
    assert second.seq == 2


def test_a_newer_question_supersedes_the_answer_in_the_making(acme, assistant):
    visitor = make_visitor()
    write(acme, visitor, "One")
    write(acme, visitor, "Two")

    assert turn_states(acme) == [TurnState.SUPERSEDED, TurnState.QUEUED]


def test_a_repeat_returns_the_first_result_and_writes_nothing(acme, assistant):
    visitor = make_visitor()
    first = write(acme, visitor, "Once", client_id="k")

    again = write(acme, visitor, "Once", client_id="k")

    assert (again.message_id, again.is_repeat) == (first.message_id, True)
    assert types(acme) == ["conversation:new", "message:new"]


def test_the_same_key_for_another_message_is_refused(acme, assistant):
    visitor = make_visitor()
    write(acme, visitor, "Once", client_id="k")

    with pytest.raises(Conflict):
        write(acme, visitor, "Twice", client_id="k")
    assert types(acme) == ["conversation:new", "message:new"]


def test_another_visitor_may_use_the_same_key(acme, assistant):
    first = write(acme, make_visitor(), "Once", client_id="k")

    assert write(acme, make_visitor(), "Once", client_id="k").message_id != first.message_id


def test_a_refused_message_is_not_remembered(acme, assistant):
    visitor = make_visitor()

    def refuse():
        raise TooManyRequests

    with pytest.raises(TooManyRequests):
        write(acme, visitor, "Once", client_id="k", admit=refuse)

    assert types(acme) == []
    assert not write(acme, visitor, "Once", client_id="k").is_repeat


def test_a_repeat_is_not_asked_for_admission(acme, assistant):
    visitor = make_visitor()
    write(acme, visitor, "Once", client_id="k")

    def refuse():
        raise TooManyRequests

    assert write(acme, visitor, "Once", client_id="k", admit=refuse).is_repeat


def test_fifty_first_sends_with_one_key_make_one_of_everything(acme, assistant):
    visitor = make_visitor()

    def send(_):
        try:
            return write(acme, visitor, "Once", client_id="k").message_id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        assert len(set(threads.map(send, range(50)))) == 1

    with tenant_scope(acme.id):
        assert [Conversation.objects.count(), Message.objects.count(), Turn.objects.count()] == [
            1,
            1,
            1,
        ]
    assert types(acme) == ["conversation:new", "message:new"]


def test_many_senders_in_one_conversation_leave_no_gap(acme, assistant):
    visitor, member = make_visitor(), make_member(acme)
    received = write(acme, visitor, "first")

    def send(number):
        try:
            if number % 2:
                note = {"text": f"{number}", "private": True}
                return do(acme, received, engine.post_reply, member, **note).seq
            return write(acme, visitor, f"{number}", client_id=str(number)).seq
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(send, range(40))) == list(range(2, 42))
    assert turn_states(acme).count(TurnState.QUEUED) == 1


@pytest.mark.parametrize(
    "garbage", ["conv-456", "' or 1=1", "0" * 400, str(uuid7()), "\u0661" * 36]
)
def test_a_conversation_that_is_not_the_sessions_is_not_found(acme, globex, assistant, garbage):
    visitor = make_visitor()
    write(acme, visitor)
    others = write(acme, make_visitor())
    foreign = write(globex, make_visitor())

    for conversation_id in (garbage, str(others.conversation_id), str(foreign.conversation_id)):
        with pytest.raises(NotFound):
            write(acme, visitor, conversation_id=conversation_id)
    assert len(types(acme)) == 4


def test_without_an_assistant_the_message_is_refused_and_not_stored(acme):
    with pytest.raises(BadRequest) as error:
        write(acme, make_visitor())

    assert error.value.code == "no_assistant"
    assert types(acme) == []


@pytest.mark.parametrize("text", ["", "  \n", "x" * 8001])
def test_an_empty_or_endless_message_is_refused(acme, assistant, text):
    with pytest.raises(BadRequest):
        write(acme, make_visitor(), text)
    assert types(acme) == []


def test_a_member_who_replies_holds_the_conversation(acme, assistant):
    member = make_member(acme)
    received = write(acme, make_visitor())

    do(acme, received, engine.post_reply, member, text="I can help.")

    assert conversation_now(acme, received).owner == Owner.HUMAN
    assert turn_states(acme) == [TurnState.CANCELLED]
    assert types(acme, after=2) == [
        "message:new",
        "conversation:assigned",
        "conversation:updated",
        "message:new",
    ]


def test_a_private_note_changes_no_owner_and_is_not_shown_to_the_visitor(acme, assistant):
    member = make_member(acme)
    received = write(acme, make_visitor())

    do(acme, received, engine.post_reply, member, text="Careful.", private=True)

    assert conversation_now(acme, received).owner == Owner.BOT
    visitor_sees = read_events(Channel(acme.id, received.conversation_id), after=0)
    assert len(visitor_sees) == 1


def test_a_members_repeated_reply_is_posted_once(acme, assistant):
    member = make_member(acme)
    received = write(acme, make_visitor())

    first = do(acme, received, engine.post_reply, member, text="Yes.", client_id="k")
    again = do(acme, received, engine.post_reply, member, text="Yes.", client_id="k")

    assert again.id == first.id


def test_a_members_key_that_two_conversations_race_for_is_refused_in_one(acme, assistant):
    member = make_member(acme)
    received, other = (write(acme, make_visitor()) for _ in range(2))

    def reply_elsewhere():
        try:
            do(acme, other, engine.post_reply, member, text="Yes.", client_id="k")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(acme.id):
            conversation = engine.team_conversation(received.conversation_id)
            engine.post_reply(conversation, member, text="Yes.", client_id="k")
            racing = pool.submit(reply_elsewhere)
            time.sleep(0.5)
        with pytest.raises(Conflict):
            racing.result()

    assert conversation_now(acme, other).owner == Owner.BOT


def test_of_two_members_one_gets_the_conversation(acme, assistant):
    first, second = make_member(acme), make_member(acme)
    received = write(acme, make_visitor())

    do(acme, received, engine.take_over, first)

    with pytest.raises(Conflict):
        do(acme, received, engine.take_over, second)
    assert conversation_now(acme, received).assignee_id == first.id


def test_of_two_who_saw_the_same_owner_one_moves_it(acme, assistant):
    first, second = make_member(acme), make_member(acme)
    received = write(acme, make_visitor())
    # A second look at the row, by somebody who holds no lock on it.
    stale = conversation_now(acme, received)

    do(acme, received, engine.take_over, first)

    with pytest.raises(Conflict), tenant_scope(acme.id):
        engine.take_over(stale, second)
    assert conversation_now(acme, received).assignee_id == first.id


def test_while_a_person_holds_it_the_assistant_is_not_asked(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor)
    do(acme, received, engine.take_over, make_member(acme))

    answer = write(acme, visitor, "And now?")

    assert not answer.awaits_answer
    assert turn_states(acme) == [TurnState.CANCELLED]


def test_given_back_the_assistant_starts_afresh(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor)
    do(acme, received, engine.take_over, make_member(acme))

    do(acme, received, engine.give_back)

    conversation = conversation_now(acme, received)
    assert (conversation.owner, conversation.segment, conversation.assignee_id) == ("bot", 1, None)
    assert conversation.segment_start == 2
    assert write(acme, visitor, "Hello again").awaits_answer


def test_a_closed_conversation_reopens_with_the_assistant(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor)
    do(acme, received, engine.close, by="Alex")
    assert conversation_now(acme, received).status == Status.RESOLVED

    again = write(acme, visitor, "One more", conversation_id=str(received.conversation_id))

    conversation = conversation_now(acme, again)
    assert again.conversation_id == received.conversation_id
    assert (conversation.owner, conversation.status) == (Owner.BOT, Status.OPEN)


def test_after_closing_a_message_without_an_id_begins_a_new_conversation(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor)
    do(acme, received, engine.close)

    assert write(acme, visitor).conversation_id != received.conversation_id


def test_special_events_are_followed_by_the_general_one(acme, assistant):
    received = write(acme, make_visitor())

    do(acme, received, engine.qualify, details={"budget": "large"})
    do(acme, received, assigning.assign, make_member(acme))
    do(acme, received, engine.close)

    seen = [type for type in types(acme, after=2) if type.startswith("conversation:")]
    assert seen == [
        "conversation:qualified",
        "conversation:updated",
        "conversation:assigned",
        "conversation:updated",
        "conversation:closed",
        "conversation:updated",
    ]
    assert conversation_now(acme, received).qualification == {"budget": "large"}


def test_every_change_of_owner_leaves_one_visible_line(acme, assistant):
    received = write(acme, make_visitor())

    do(acme, received, engine.hand_over, reason="requested", text="A person will answer.")
    do(acme, received, engine.take_over, make_member(acme))
    do(acme, received, engine.give_back)
    do(acme, received, engine.close)

    with tenant_scope(acme.id):
        kinds = Message.objects.order_by("seq").values_list("author_kind", "private")
        assert list(kinds) == [("visitor", False)] + [("system", False)] * 4


def test_a_foreign_conversation_does_not_exist(acme, globex, assistant):
    received = write(acme, make_visitor())

    with pytest.raises(NotFound):
        do(globex, received, engine.close)
    assert conversation_now(acme, received).status == Status.OPEN


def test_the_visitor_hears_of_who_answers_and_not_of_what_the_team_arranges(acme, assistant):
    member = make_member(acme)
    received = write(acme, make_visitor())

    do(acme, received, assigning.assign, member)
    do(acme, received, engine.qualify, details={})
    do(acme, received, engine.set_status, Status.PENDING)
    do(acme, received, marks.mark_read)
    do(acme, received, marks.mark_read)
    do(acme, received, engine.take_over, member)

    told = read_events(Channel(acme.id, received.conversation_id), after=1)
    assert [event.type for event in told] == [
        "conversation:updated",
        "message:new",
        "conversation:updated",
    ]
    assert told[0].data["teamReadSeq"] == 1
    assert told[-1].data["owner"] == "human"


def test_opening_a_conversation_again_leaves_a_visible_line(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor)
    do(acme, received, engine.close)

    write(acme, visitor, "One more", conversation_id=str(received.conversation_id))

    with tenant_scope(acme.id):
        kinds = Message.objects.order_by("seq").values_list("author_kind", flat=True)
        assert list(kinds) == ["visitor", "system", "system", "visitor"]


def test_a_visitor_who_reads_and_a_member_who_closes_do_not_lock_each_other_out(acme):
    """At a commit the database looks whether the session of a conversation is still there."""
    make_assistant(acme)
    visitor = make_visitor()
    received = write(acme, visitor)
    session_locked, conversation_locked = threading.Event(), threading.Event()

    def read():
        with tenant_scope(acme.id):
            session = continue_session(visitor)
            session_locked.set()
            conversation_locked.wait(5)
            engine.mark_seen(engine.conversation_of(session, received.conversation_id), seq=1)

    def close():
        session_locked.wait(5)
        with tenant_scope(acme.id):
            conversation = engine.team_conversation(received.conversation_id)
            conversation_locked.set()
            engine.close(conversation)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(closing(act)) for act in (read, close)]:
            done.result()

    now = conversation_now(acme, received)
    assert (now.owner, now.visitor_read_seq) == (Owner.CLOSED, 1)


def closing(act):
    """The act in a thread that hands its connection back."""

    def run():
        try:
            act()
        finally:
            connections.close_all()

    return run
