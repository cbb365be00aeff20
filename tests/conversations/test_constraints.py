"""What the database itself refuses, whatever the code above it may come to do."""

import pytest
from django.db import IntegrityError

from conversations import tool_calls
from conversations.models import Message, ToolCall, Turn, TurnState
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_visitor, write


@pytest.fixture
def received(acme, globex):
    """A visitor's first message, at each of two tenants; of the first one's it is told here."""
    for tenant in (globex, acme):
        make_assistant(tenant)
        received = write(tenant, make_visitor(), client_id="key")
    return received


def refuses(acme, model, constraint, **changed):
    """A second row that is like the first but for these fields is not stored."""
    with tenant_scope(acme.id):
        twin = model.objects.get()
    for name, value in {"pk": uuid7(), **changed}.items():
        setattr(twin, name, value)

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), tenant_scope(acme.id):
        twin.save(force_insert=True)

    with tenant_scope(acme.id):
        assert model.objects.count() == 1


def test_two_messages_never_have_one_number(acme, received):
    refuses(acme, Message, "message_seq", client_id="another key")


def test_two_messages_never_have_one_senders_key(acme, received):
    refuses(acme, Message, "message_client_id", seq=2)


def test_two_answers_are_never_made_at_once(acme, received):
    refuses(acme, Turn, "turn_one_open", state=TurnState.RUNNING)


def test_two_calls_of_one_turn_never_ask_the_same(acme, received):
    with tenant_scope(acme.id):
        turn = Turn.objects.get()
        ToolCall.objects.create(
            tenant=acme,
            conversation_id=received.conversation_id,
            turn=turn,
            fingerprint="what is asked",
            tool_id=uuid7(),
            name="look_up",
            place=tool_calls.Place.SERVER,
            risk=tool_calls.Risk.READ,
            state=ToolCall.State.STARTED,
            created_at=turn.created_at,
        )

    refuses(acme, ToolCall, "tool_call_once")
