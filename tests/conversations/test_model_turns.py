"""A language model's answers on their way to the visitor: streamed, posted, and paid for once."""

import pytest

from assistants.models import Tool
from conversations import tool_answers
from conversations.models import ToolCall
from conversations.replies import outcome
from tenants.scope import tenant_scope
from tests.assistants.tool_server import open_tool_server
from tests.assistants.writing import QUESTION, assistant_of, writer
from tests.conversations.calling import call_states
from tests.conversations.test_worker import running  # noqa: F401 -- a fixture
from tests.conversations.turning import answered, only_turn
from tests.factories import make_visitor, write
from tests.waiting import until


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


ORDER = {
    "type": "object",
    "properties": {"order": {"type": "string"}},
    "required": ["order"],
}


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [*settings.INTERNAL_HOSTS, server.host]
        yield server


def calling(tenant, model_server, **fields):
    """A question to a model that looks an order up."""
    tool = Tool(name="order_status", description="Where an order is.", parameters=ORDER, **fields)
    tool.tenant = tenant
    with tenant_scope(tenant.id):
        tool.save()
    assistant = assistant_of(writer(tenant, model_server, "calls", tools=[tool]))
    return write(tenant, make_visitor(), "Where is order 4711?", assistant=assistant)


def test_a_model_calls_the_tenants_server(acme, model_server, server, running):  # noqa: F811
    calling(acme, model_server, url=server.url)

    running.submit(acme.id, only_turn(acme))
    until(lambda: answered(acme))

    assert server.bodies == [{"order": "4711"}]
    assert answered(acme) == ["Order 4711 is on its way."]


def test_a_model_waits_for_the_visitors_page(acme, model_server, running):  # noqa: F811
    calling(acme, model_server, place="client")
    running.submit(acme.id, only_turn(acme))
    until(lambda: call_states(acme) == ["waiting"])

    with tenant_scope(acme.id):
        tool_answers.take_result(ToolCall.objects.get(), {"status": "sent"})
    running.submit(acme.id, only_turn(acme))
    until(lambda: answered(acme))

    assert answered(acme) == ["Order 4711 is on its way."]
