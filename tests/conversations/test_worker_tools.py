"""Calls of tools and pauses, in the worker as it runs."""

import threading
import time

import pytest

from conversations import engine, tool_answers, turn_runner, turns, worker
from conversations.models import Owner, ToolCall
from tenants.scope import tenant_scope
from tests.assistants.tool_server import Answer, open_tool_server
from tests.conversations.calling import (  # noqa: F401 -- a fixture
    call_states,
    latest_turn,
    make_tool,
    no_turn_is_left,
    scripted,
    work,
)
from tests.conversations.test_engine import conversation_now, do
from tests.conversations.test_worker import works_on
from tests.conversations.turning import answered
from tests.factories import make_member, make_visitor, write
from tests.waiting import until


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


def submit(worker, tenant):
    worker.submit(tenant.id, latest_turn(tenant).id)


def test_a_page_that_answers_before_the_asking_ends_is_not_left_waiting(acme, globex, monkeypatch):
    """The nudge finds the turn's task still at work, and no sweep comes to help."""
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 60)
    scripted(acme, [["show", {}]], make_tool(acme, "show", place="client", url=""))
    pause = turns.pause
    quick = worker.Worker()

    def pause_and_be_answered(*args):
        assert pause(*args)
        with tenant_scope(acme.id):
            tool_answers.take_result(ToolCall.objects.get(), "Shown.")
        submit(quick, acme)
        return True

    monkeypatch.setattr(turns, "pause", pause_and_be_answered)
    write(acme, make_visitor(), "Show me.")
    try:
        submit(quick, acme)
        until(lambda: answered(acme))
    finally:
        quick.stop()

    assert answered(acme) == ["Shown."]


def test_a_worker_that_stops_lets_a_call_come_to_its_end(acme, server):
    hanging = threading.Event()
    server.will(Answer("Paid.", hang=hanging))
    scripted(acme, [["pay", {}]], make_tool(acme, "pay", risk="write", url=server.url))
    write(acme, make_visitor(), "Pay.")
    stopping = worker.Worker()
    submit(stopping, acme)
    server.arrived.wait(5)

    stopping.finish()
    hanging.set()
    stopping.stop()

    assert (call_states(acme), answered(acme)) == (["done"], ["Paid."])


def test_a_worker_that_stops_lets_a_call_end_whose_answer_was_given_up(acme, server, monkeypatch):
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.05)
    hanging = threading.Event()
    server.will(Answer("Paid.", hang=hanging))
    scripted(acme, [["pay", {}]], make_tool(acme, "pay", risk="write", url=server.url))
    received = write(acme, make_visitor(), "Pay.")
    stopping = worker.Worker()
    submit(stopping, acme)
    server.arrived.wait(5)
    do(acme, received, engine.take_over, make_member(acme))
    until(lambda: not works_on(stopping, acme))

    stopping.finish()
    hanging.set()
    stopping.stop()

    assert (call_states(acme), answered(acme)) == (["done"], [])


def test_a_call_that_begins_while_its_worker_stops_is_in_doubt_and_not_lost(
    acme, server, monkeypatch
):
    monkeypatch.setattr(worker, "SHUTDOWN_SECONDS", 0.5)
    hanging, never = threading.Event(), threading.Event()
    server.will(Answer(hang=hanging), Answer(hang=never))
    tools = [
        make_tool(acme, "lookup", url=server.url),
        make_tool(acme, "pay", risk="write", url=server.url),
    ]
    scripted(acme, [["lookup", {}], ["pay", {}]], *tools)
    write(acme, make_visitor(), "Pay.")
    stopping = worker.Worker()
    submit(stopping, acme)
    server.arrived.wait(5)

    stopping.finish()
    time.sleep(0.1)
    hanging.set()
    stopping.stop()
    never.set()

    assert call_states(acme) == ["done", "unknown"]


def test_a_call_that_outlasts_its_worker_is_not_made_by_the_next(acme, server, monkeypatch):
    monkeypatch.setattr(worker, "SHUTDOWN_SECONDS", 0.3)
    never = threading.Event()
    server.will(Answer(hang=never))
    scripted(acme, [["pay", {}]], make_tool(acme, "pay", risk="write", url=server.url))
    received = write(acme, make_visitor(), "Pay.")
    stopping = worker.Worker()
    submit(stopping, acme)
    server.arrived.wait(5)

    stopping.stop()
    never.set()
    work(acme)

    conversation = conversation_now(acme, received)
    assert call_states(acme) == ["unknown"]
    assert (conversation.owner, conversation.handover_reason) == (
        Owner.WAITING,
        "tool_outcome_unknown",
    )
    assert len(server.received) == 1


def test_a_turn_that_waits_is_found_again_when_its_time_is_up(acme, monkeypatch):
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.2)
    tool = make_tool(acme, "show", place="client", url="", timeout_seconds=1)
    scripted(acme, [["show", {}]], tool)
    write(acme, make_visitor(), "Show me.")

    sweeping = worker.Worker()
    try:
        submit(sweeping, acme)
        until(lambda: answered(acme))
    finally:
        sweeping.stop()

    assert call_states(acme) == ["expired"]


def test_an_answer_that_takes_too_long_says_what_it_had_begun(acme, server, monkeypatch):
    monkeypatch.setattr(turn_runner, "TURN_SECONDS", 0.5)
    never = threading.Event()
    server.will(Answer(hang=never))
    scripted(acme, [["pay", {}]], make_tool(acme, "pay", risk="write", url=server.url))
    received = write(acme, make_visitor(), "Pay.")

    work(acme)
    never.set()

    conversation = conversation_now(acme, received)
    assert conversation.handover_reason == "tool_outcome_unknown"
    assert "“pay”" in conversation.handover_summary
