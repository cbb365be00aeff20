from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.db.models import F

from assistants.events import Handoff, Usage
from assistants.language import language_of
from conversations import answers, engine, housekeeping, turns
from conversations.message_context import MessageContext
from conversations.models import Conversation, Owner, Status, Turn
from conversations.replies import outcome
from realtime.log import Channel, read_events
from tenants.errors import BadRequest
from tenants.scope import tenant_scope
from tests.conversations.test_engine import conversation_now, do, types
from tests.conversations.turning import ANSWER, answered, commit, lapse, only_turn
from tests.factories import make_assistant, make_member, make_visitor, write


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


def test_an_answer_is_posted_after_its_question(acme, globex, assistant):
    received = write(acme, make_visitor(), "How much?")
    held = turns.claim(acme.id, only_turn(acme))

    assert (held.question.text, held.question.history) == ("How much?", [])
    assert commit(held)

    assert types(acme) == ["conversation:new", "message:new", "message:new"]
    told = read_events(Channel(acme.id, received.conversation_id), after=0)
    assert [(e.data["seq"], e.data["author"]["kind"]) for e in told] == [
        (1, "visitor"),
        (2, "assistant"),
    ]
    assert told[1].data["sources"] == [{"title": "Prices"}]
    assert types(globex) == []


def test_a_turn_is_claimed_by_one_worker_until_its_lease_lapses(acme, assistant):
    write(acme, make_visitor())
    turn = only_turn(acme)

    first = turns.claim(acme.id, turn)
    assert turns.claim(acme.id, turn) is None
    lapse(acme, turn)
    second = turns.claim(acme.id, turn)

    assert (first.attempt, second.attempt) == (1, 2)
    assert not turns.renew(first)
    assert turns.renew(second)


def test_of_two_workers_with_an_answer_one_posts_it(acme, assistant):
    write(acme, make_visitor())
    first = turns.claim(acme.id, only_turn(acme))
    lapse(acme, first.turn_id)
    second = turns.claim(acme.id, first.turn_id)

    assert commit(second)
    assert not commit(first)
    assert not commit(second)
    assert answered(acme) == ["It costs ten."]


def test_the_assistant_cannot_talk_over_a_person(acme, assistant):
    received = write(acme, make_visitor())
    held = turns.claim(acme.id, only_turn(acme))

    do(acme, received, engine.take_over, make_member(acme))

    assert not turns.renew(held)
    assert not commit(held)
    assert answered(acme) == []


def test_the_assistant_cannot_answer_the_past(acme, assistant):
    visitor = make_visitor()
    write(acme, visitor, "One?")
    old = turns.claim(acme.id, only_turn(acme))
    write(acme, visitor, "Two?")

    assert not commit(old)
    new = turns.claim(acme.id, only_turn(acme))
    assert new.question.text == "One?\nTwo?"
    assert commit(new)
    assert answered(acme) == ["It costs ten."]


def test_a_take_over_and_return_still_void_the_old_answer(acme, assistant):
    received = write(acme, make_visitor())
    held = turns.claim(acme.id, only_turn(acme))
    do(acme, received, engine.take_over, make_member(acme))
    do(acme, received, engine.give_back)

    assert not commit(held)


def test_both_superseded_and_current_question_get_the_one_answer(acme, assistant):
    visitor = make_visitor()
    first = write(acme, visitor, "One?")
    second = write(acme, visitor, "Two?")

    assert outcome(acme.id, first.conversation_id, first.seq).is_pending
    commit(turns.claim(acme.id, only_turn(acme)))

    for received in (first, second):
        found = outcome(acme.id, received.conversation_id, received.seq)
        assert found.message["text"] == "It costs ten."


def test_a_handover_is_visible_and_changes_the_owner(acme, assistant):
    received = write(acme, make_visitor())
    held = turns.claim(acme.id, only_turn(acme))

    assert commit(held, Handoff("no_answer", "A person will answer."))

    conversation = conversation_now(acme, received)
    assert (conversation.owner, conversation.handover_reason) == (Owner.WAITING, "no_answer")
    assert types(acme, after=2) == ["message:new", "conversation:updated"]
    found = outcome(acme.id, received.conversation_id, received.seq)
    assert (found.message["text"], found.handover) == ("A person will answer.", "no_answer")


def test_what_was_said_before_the_assistant_started_afresh_is_not_its_history(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor, "Old question")
    do(acme, received, engine.take_over, make_member(acme))
    do(acme, received, engine.give_back)

    write(acme, visitor, "New question")

    held = turns.claim(acme.id, only_turn(acme))
    assert (held.question.text, held.question.history) == ("New question", [])


def test_private_notes_never_reach_the_assistant(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor, "One?")
    do(acme, received, engine.post_reply, make_member(acme), text="secret note", private=True)
    write(acme, visitor, "Two?")

    held = turns.claim(acme.id, only_turn(acme))

    assert "secret" not in held.question.text + str(held.question.history)


def test_the_sweep_finds_what_nobody_works_on(acme, globex, assistant):
    write(acme, make_visitor())
    turn = only_turn(acme)
    assert (acme.id, turn) not in turns.due(limit=10_000)

    with tenant_scope(acme.id):
        long_ago = datetime.now(UTC) - timedelta(seconds=5)
        Turn.objects.filter(pk=turn).update(created_at=long_ago)
    assert (acme.id, turn) in turns.due(limit=10_000)

    turns.claim(acme.id, turn)
    assert (acme.id, turn) not in turns.due(limit=10_000)
    lapse(acme, turn)
    assert (acme.id, turn) in turns.due(limit=10_000)


def test_the_sweep_takes_turns_among_the_tenants(acme, globex, assistant):
    for tenant in (acme, acme, globex):
        write(tenant, make_visitor())
    with tenant_scope(acme.id):
        Turn.objects.update(created_at=datetime.now(UTC) - timedelta(minutes=2))
    with tenant_scope(globex.id):
        Turn.objects.update(created_at=datetime.now(UTC) - timedelta(minutes=1))

    due = [tenant for tenant, _ in turns.due(limit=10_000) if tenant in (acme.id, globex.id)]

    assert due == [acme.id, globex.id, acme.id]


def test_after_three_attempts_the_turn_is_handed_over(acme, assistant):
    received = write(acme, make_visitor())
    turn = only_turn(acme)
    for _ in range(turns.ATTEMPTS):
        assert turns.claim_exhausted(acme.id, turn) is None
        assert turns.claim(acme.id, turn)
        lapse(acme, turn)

    assert turns.claim(acme.id, turn) is None
    held = turns.claim_exhausted(acme.id, turn)
    assert commit(held, Handoff("error:attempts", "Sorry."))
    assert conversation_now(acme, received).handover_summary == "The visitor wrote:\n- Hello?"

    assert conversation_now(acme, received).owner == Owner.WAITING


def test_a_released_turn_is_taken_up_at_once(acme, assistant):
    write(acme, make_visitor())
    held = turns.claim(acme.id, only_turn(acme))

    turns.release(held)

    assert turns.claim(acme.id, held.turn_id).attempt == 2


def test_a_foreign_turn_cannot_be_claimed(acme, globex, assistant):
    write(acme, make_visitor())

    assert turns.claim(globex.id, only_turn(acme)) is None


def test_a_snoozed_conversation_wakes_when_its_time_has_come(acme, globex, assistant):
    received = write(acme, make_visitor())
    until = datetime.now(UTC) + timedelta(hours=1)
    do(acme, received, engine.set_status, Status.SNOOZED, until=until)

    housekeeping.wake_snoozed()
    assert conversation_now(acme, received).status == Status.SNOOZED

    with tenant_scope(acme.id):
        Conversation.objects.update(snoozed_until=datetime.now(UTC))
    housekeeping.wake_snoozed()
    assert conversation_now(acme, received).status == Status.OPEN


def test_a_visitors_message_wakes_a_snoozed_conversation(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor)
    do(
        acme,
        received,
        engine.set_status,
        Status.SNOOZED,
        until=datetime.now(UTC) + timedelta(hours=1),
    )

    write(acme, visitor, "Hello?")

    assert conversation_now(acme, received).status == Status.OPEN


def _bug(turn):
    raise RuntimeError


def _database_error(turn):
    Turn.objects.annotate(x=1 / (F("attempt") - F("attempt"))).get()


@pytest.mark.parametrize(
    ("fail", "error"), [(_bug, RuntimeError), (_database_error, DatabaseError)]
)
def test_a_turn_that_cannot_be_read_is_not_tried_for_ever(
    acme, assistant, monkeypatch, fail, error
):
    received = write(acme, make_visitor())
    turn = only_turn(acme)

    with monkeypatch.context() as patch:
        patch.setattr(turns, "_dialogue", fail)
        for _ in range(turns.ATTEMPTS):
            with pytest.raises(error):
                turns.claim(acme.id, turn)
            lapse(acme, turn)
        assert turns.claim(acme.id, turn) is None

        held = turns.claim_exhausted(acme.id, turn)
        assert commit(held, Handoff("error:attempts", "Sorry."))

    assert conversation_now(acme, received).owner == Owner.WAITING


def test_what_a_client_tells_beside_a_message_reaches_the_question(acme, assistant):
    visitor = make_visitor()
    told = MessageContext(
        flow="returns", variables={"plan": "gold"}, additional_input={"page": "/cart"}
    )
    write(acme, visitor, "One", context=told)
    write(acme, visitor, "Two", context=MessageContext(variables={"seats": 2}))

    question = turns.claim(acme.id, only_turn(acme)).question

    assert (question.flow, question.variables) == ("returns", {"plan": "gold", "seats": 2})
    # Of the latest message alone: who said it before may not mean it any more.
    assert question.additional_input == {}


@pytest.mark.parametrize(
    ("asked", "first"), [("", "one"), ("one", "one"), ("two", "two"), ("gpt-4o", "one")]
)
def test_a_client_may_choose_which_of_the_models_is_asked_first(acme, globex, asked, first):
    for tenant in (acme, globex):
        make_assistant(tenant, engine="model", model="one", fallback_model="two")
    for tenant, model in ((acme, asked), (globex, "")):
        write(tenant, make_visitor(), "One", context=MessageContext(model=model))

    version = turns.claim(acme.id, only_turn(acme)).question.version
    others = turns.claim(globex.id, only_turn(globex)).question.version

    assert (version.model, {version.model, version.fallback_model}) == (first, {"one", "two"})
    assert (others.model, others.fallback_model) == ("one", "two")


def test_too_many_variables_leave_no_message(acme, assistant):
    many = MessageContext(variables={f"v{n}": n for n in range(101)})

    with pytest.raises(BadRequest):
        write(acme, make_visitor(), "One", context=many)

    with tenant_scope(acme.id):
        assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "used"),
    [("de-AT", "de"), ("EN", "en"), ("pt", "pt-BR"), ("fr", ""), ("deutsch", ""), ("", "")],
)
def test_a_client_may_say_in_which_of_the_assistants_languages(acme, globex, wanted, used):
    for tenant in (acme, globex):
        make_assistant(tenant, languages=["en", "de", "pt-BR"])

    write(acme, make_visitor(), "Hello?", context=MessageContext(language=wanted))

    assert turns.claim(acme.id, only_turn(acme)).question.named_language == used


def test_a_language_stays_until_another_is_named(acme, globex):
    for tenant in (acme, globex):
        make_assistant(tenant, languages=["en", "de"])
    visitor = make_visitor()

    used = []
    for wanted in ("de", "", "fr", "en"):
        write(acme, visitor, "Hello?", context=MessageContext(language=wanted))
        used.append(turns.claim(acme.id, only_turn(acme)).question.named_language)

    assert used == ["de", "de", "de", "en"]


def test_a_named_language_outlives_answers_and_what_the_visitor_writes(acme, globex):
    for tenant in (acme, globex):
        make_assistant(tenant, languages=["en", "de"])
    visitor = make_visitor()

    told = (("Hallo?", "de"), ("Where is my parcel, please?", ""), ("Where is my money?", ""))
    for text, named in told:
        write(acme, visitor, text, context=MessageContext(language=named))
        held = turns.claim(acme.id, only_turn(acme))
        assert language_of(held.question) == "de"
        assert answers.commit(held, ANSWER, usage=Usage(), effects=turns.Effects(language="en"))
