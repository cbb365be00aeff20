"""What a message costs. A change of these numbers is a decision, not an accident."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assistants.events import Reply, Usage
from conversations import answers, turns
from conversations.replies import outcome
from tests.conversations.turning import only_turn
from tests.factories import make_assistant, make_visitor, write


@pytest.fixture
def visitor(acme, globex):
    make_assistant(globex)
    make_assistant(acme)
    visitor = make_visitor()
    write(acme, visitor, "The first one opens the session.", client_id="first")
    return visitor


def statements(act, *args, **kwargs):
    """The statements of one act, without those that open and end its transaction."""
    with CaptureQueriesContext(connection) as captured:
        act(*args, **kwargs)
    framing = ("BEGIN", "COMMIT", "SELECT set_config")
    return [query for query in captured if not query["sql"].startswith(framing)]


def test_storing_a_visitors_message_takes_ten_statements(acme, visitor):
    answers.commit(turns.claim(acme.id, only_turn(acme)), Reply(text="Yes."), usage=Usage())

    found = statements(write, acme, visitor, "And another one.", client_id="second")

    assert len(found) == 10


def test_what_is_paid_for_takes_eight_statements_more_to_ask_and_three_more_to_answer(acme):
    make_assistant(acme, engine="model")
    visitor = make_visitor()
    write(acme, visitor, "The first one opens the session.")
    answers.commit(turns.claim(acme.id, only_turn(acme)), Reply(text="Yes."), usage=Usage())

    asked = statements(write, acme, visitor, "And another one.", client_id="second")
    held = turns.claim(acme.id, only_turn(acme))
    posted = statements(answers.commit, held, Reply(text="Yes."), usage=Usage())

    assert (len(asked), len(posted)) == (10 + 8, 6 + 3)


def test_superseding_an_answer_takes_one_statement_more_for_the_calls_that_it_waits_for(
    acme, visitor
):
    assert len(statements(write, acme, visitor, "And another one.", client_id="second")) == 11


def test_answering_takes_three_statements_to_begin_and_six_to_post(acme, visitor):
    turn = only_turn(acme)

    held = turns.claim(acme.id, turn)
    turns.release(held)
    begun = statements(turns.claim, acme.id, turn)
    held = turns.Claim(**{**vars(held), "attempt": 2})
    posted = statements(answers.commit, held, Reply(text="Yes."), usage=Usage())

    assert (len(begun), len(posted)) == (3, 6)


def test_looking_for_an_answer_takes_one_statement(acme, visitor):
    received = write(acme, visitor, "Well?")

    assert len(statements(outcome, acme.id, received.conversation_id, received.seq)) == 1
