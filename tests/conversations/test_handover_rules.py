"""The rules that call a person, as a conversation goes on, is given back and is opened again."""

import asyncio

import pytest

from assistants.events import Reply
from assistants.handover import rule
from conversations import engine, turn_runner, turns
from conversations.models import Owner
from tenants.scope import tenant_scope
from tests.conversations.test_engine import conversation_now, do
from tests.conversations.turning import commit, only_turn
from tests.factories import make_assistant, make_member, make_visitor, write

OFFER = Reply("One of these?", choices=("When do you deliver?",), answers=False)


@pytest.fixture
def visitor(acme, globex):
    for tenant in (acme, globex):
        make_assistant(tenant, handover_after=2, handover_topics=["lawyer"], languages=["en", "de"])
    return make_visitor()


def asked(tenant, visitor, text, **fields):
    """The question that the worker takes up after the visitor wrote."""
    write(tenant, visitor, text, **fields)
    return turns.claim(tenant.id, only_turn(tenant))


def fail_twice(tenant, visitor):
    for text in ("What about that?", "And that?"):
        assert commit(asked(tenant, visitor, text), OFFER)


def close(tenant, received):
    do(tenant, received, engine.close, by="Ann")


def take_over_and_give_back(tenant, received):
    do(tenant, received, engine.take_over, make_member(tenant))
    do(tenant, received, engine.give_back)


def test_after_two_questions_without_an_answer_a_person_is_called(acme, globex, visitor):
    fail_twice(acme, visitor)
    held = asked(acme, visitor, "And this?")

    found = rule(held.question)

    assert found.reason == "unanswered"
    assert found.summary == (
        "The visitor wrote:\n- What about that?\n- And that?\n- And this?\n"
        "Offered: When do you deliver?"
    )
    assert rule(asked(globex, make_visitor(), "And this?").question) is None


def test_a_choice_that_is_taken_is_answered_instead(acme, visitor):
    fail_twice(acme, visitor)

    assert rule(asked(acme, visitor, "When do you deliver?").question) is None


def test_an_answer_begins_the_count_anew(acme, visitor):
    fail_twice(acme, visitor)
    commit(asked(acme, visitor, "When do you deliver?"), Reply("On Mondays."))

    assert rule(asked(acme, visitor, "And this?").question) is None


@pytest.mark.parametrize("again", [close, take_over_and_give_back])
@pytest.mark.parametrize("text", ["And this?", "Talk to a person", "My lawyer will write."])
def test_nothing_that_was_said_before_calls_a_person_again(acme, visitor, again, text):
    """Or a conversation that was given back would go round in circles."""
    fail_twice(acme, visitor)
    received = write(acme, visitor, text)
    held = turns.claim(acme.id, only_turn(acme))
    assert commit(held, rule(held.question))
    assert conversation_now(acme, received).owner == Owner.WAITING

    again(acme, received)
    conversation_id = str(received.conversation_id)
    held = asked(acme, visitor, "What does it cost?", conversation_id=conversation_id)

    assert str(held.conversation_id) == conversation_id
    assert held.question.text == "What does it cost?"
    assert rule(held.question) is None


def test_the_team_is_told_why_and_what_was_asked(acme, visitor):
    held = asked(acme, visitor, "My lawyer will write.")

    asyncio.run(turn_runner.answer(held))

    with tenant_scope(acme.id):
        conversation = engine.team_conversation(held.conversation_id)
    assert (conversation.owner, conversation.handover_reason) == ("waiting", "topic:lawyer")
    assert conversation.handover_summary == "The visitor wrote:\n- My lawyer will write."


def test_the_language_that_was_found_is_kept_with_the_answer(acme, visitor):
    held = asked(acme, visitor, "Wo ist mein Paket geblieben?")
    assert held.question.language == ""

    asyncio.run(turn_runner.answer(held))

    with tenant_scope(acme.id):
        assert engine.team_conversation(held.conversation_id).language == "de"


def test_who_asks_for_a_person_outside_the_chat_is_summed_up_in_300_characters(acme, visitor):
    for text in ("Hello?", "First " + "x" * 400, "Second", "Third"):
        received = write(acme, visitor, text)

    do(acme, received, engine.hand_over, reason="visitor", text="Wait.")

    first, *_, second, third = conversation_now(acme, received).handover_summary.splitlines()[1:]
    assert (first[:9], second, third) == ("- First x", "- Second", "- Third")
    assert len(first + second + third) == 300 + 3 * len("- ")
