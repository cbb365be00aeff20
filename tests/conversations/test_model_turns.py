"""A language model's answers on their way to the visitor: streamed, posted, and paid for once."""

from conversations.replies import outcome
from tests.assistants.writing import QUESTION, assistant_of, writer
from tests.conversations.test_turns import answered, only_turn
from tests.conversations.test_worker import running, until  # noqa: F401 -- a fixture
from tests.factories import make_visitor, write


def test_a_models_answer_is_posted_with_its_sources(acme, globex, model_server, running):  # noqa: F811
    assistant = assistant_of(writer(acme, model_server, "cites"))
    received = write(acme, make_visitor(), QUESTION, assistant=assistant)

    running.submit(acme.id, only_turn(acme))
    until(lambda: not outcome(acme.id, received.conversation_id, received.seq).is_pending)

    found = outcome(acme.id, received.conversation_id, received.seq)
    assert found.message["text"] == "The shop opens at nine in the morning."
    assert (found.model, found.tokens) == ("cites", 120)
    assert answered(globex) == []


def test_what_cannot_be_stored_is_left_out(acme, model_server, running):  # noqa: F811
    assistant = assistant_of(writer(acme, model_server, "says-nul"))
    write(acme, make_visitor(), QUESTION, assistant=assistant)

    running.submit(acme.id, only_turn(acme))
    until(lambda: answered(acme))

    assert answered(acme) == ["The shop opens at nine in the morning."]
