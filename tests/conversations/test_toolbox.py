"""Calls of tools under a claim: made once, whatever happens to whoever makes them."""

import asyncio
import threading
from contextlib import suppress

import pytest

from assistants.models import Tool
from assistants.toolbox import ToolResult, UnknownOutcome
from assistants.tools import http
from conversations import engine, toolbox, turns
from conversations.models import Owner, ToolCall
from conversations.replies import outcome
from conversations.turns import LostLease
from tenants.scope import tenant_scope
from tests.assistants.tool_server import Answer, open_tool_server
from tests.conversations.calling import (  # noqa: F401 -- a fixture
    call_states,
    calls,
    claim,
    finish,
    in_a_loop,
    let_time_pass,
    make_tool,
    no_turn_is_left,
    request_of,
    run,
    scripted,
    work,
)
from tests.conversations.test_engine import conversation_now, do
from tests.conversations.turning import answered
from tests.factories import make_member, make_visitor, write

ORDER = {"order": 4012}


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


@pytest.fixture
def shop(acme, globex, server):
    """A tenant whose assistant looks up, pays and then answers; the other has the same tools."""
    for tenant in (globex, acme):
        tools = [
            make_tool(tenant, "lookup", url=server.url, headers=f"X-Shop: {tenant.name}"),
            make_tool(tenant, "pay", url=server.url, risk="write"),
        ]
        scripted(tenant, [["lookup", ORDER], ["pay", ORDER]], *tools)
    return acme


def test_an_answer_rests_on_its_calls_and_each_is_a_row(shop, server):
    server.will(Answer("It costs ten."), Answer("Paid."))
    write(shop, make_visitor(), "How much?")

    work(shop)

    lookup, pay = calls(shop)
    assert answered(shop) == ["It costs ten. | Paid."]
    assert (lookup.state, lookup.result, pay.state, pay.result) == (
        "done",
        "It costs ten.",
        "done",
        "Paid.",
    )
    assert (lookup.args, lookup.risk, pay.risk, lookup.place) == (ORDER, "read", "write", "server")
    assert [got.headers["Idempotency-Key"] for got in server.received] == [
        str(lookup.id),
        str(pay.id),
    ]
    assert server.received[0].headers["X-Shop"] == "Acme"
    assert server.received[0].headers["X-LiveChat-Conversation"] == str(lookup.conversation_id)


def test_the_same_call_is_made_once_in_an_answer(shop, server):
    server.will(Answer("Paid."), Answer("Paid twice!"))
    write(shop, make_visitor())
    held = claim(shop)

    first = run(held, "pay", {"order": 1, "shop": "a"})
    again = run(held, "pay", {"shop": "a", "order": 1})
    other = run(held, "pay", {"order": 2, "shop": "a"})

    assert (first, again, other) == ("Paid.", "Paid.", "Paid twice!")
    assert len(server.received) == 2


def test_another_attempt_finds_what_the_first_one_did(shop, server):
    server.will(Answer("It costs ten."), Answer("Paid."), Answer("Again!"))
    write(shop, make_visitor())
    dying = claim(shop)
    run(dying, "lookup", ORDER)
    run(dying, "pay", ORDER)
    let_time_pass(shop)

    work(shop)

    assert answered(shop) == ["It costs ten. | Paid."]
    assert len(server.received) == 2


def test_a_later_turn_that_covers_the_question_finds_what_was_done_for_it(shop, server):
    server.will(Answer("It costs ten."), Answer("Paid."), Answer("Again!"))
    visitor = make_visitor()
    write(shop, visitor, "Pay, please.")
    superseded = claim(shop)
    run(superseded, "lookup", ORDER)
    run(superseded, "pay", ORDER)
    write(shop, visitor, "Hello?")

    work(shop)

    assert answered(shop) == ["It costs ten. | Paid."]
    assert len(server.received) == 2


def test_a_new_question_is_worth_new_calls(shop, server):
    visitor = make_visitor()
    write(shop, visitor, "Pay, please.")
    work(shop)
    write(shop, visitor, "And again.")

    work(shop)

    assert len(server.received) == 4


def test_what_another_conversation_did_does_not_count(shop, globex, server):
    for tenant in (shop, shop, globex):
        write(tenant, make_visitor(), "Pay, please.")
        work(tenant)

    assert len(server.received) == 6
    assert len({got.headers["Idempotency-Key"] for got in server.received}) == 6


def test_once_a_person_had_the_conversation_reads_are_old_and_writes_are_still_done(shop, server):
    visitor = make_visitor()
    received = write(shop, visitor, "Pay, please.")
    given_up = claim(shop)
    run(given_up, "lookup", ORDER)
    run(given_up, "pay", ORDER)
    do(shop, received, engine.take_over, make_member(shop))
    do(shop, received, engine.give_back)
    write(shop, visitor, "Is it paid?")

    work(shop)

    assert [got.headers["Idempotency-Key"] for got in server.received] == [
        str(call.id) for call in calls(shop)
    ]
    assert [call.name for call in calls(shop)] == ["lookup", "pay", "lookup"]


@pytest.mark.parametrize("answer", [Answer("boom", 500), Answer(cut=True)])
def test_a_write_of_which_nothing_is_known_goes_to_a_person(shop, server, answer):
    server.will(Answer("It costs ten."), answer)
    received = write(shop, make_visitor(), "Pay, please.")

    work(shop)

    conversation = conversation_now(shop, received)
    assert (conversation.owner, conversation.handover_reason) == (
        Owner.WAITING,
        "tool_outcome_unknown",
    )
    assert conversation.handover_summary.startswith(
        'It is not known whether “pay” was done with {"order": 4012}. '
    )
    assert conversation.handover_summary.endswith(
        ". Look before it is done again.\nThe visitor wrote:\n- Pay, please."
    )
    assert outcome(shop.id, received.conversation_id, received.seq).handover
    assert call_states(shop) == ["done", "unknown"]
    assert len(server.received) == 2


def test_a_write_that_a_dead_worker_began_is_never_made_again(shop, server, monkeypatch):
    monkeypatch.setattr(toolbox, "LOOK_SECONDS", 0.01)
    received = write(shop, make_visitor(), "Pay, please.")
    dying = claim(shop)
    toolbox._begin(dying, request_of(dying, "pay", ORDER))
    let_time_pass(shop)

    work(shop)

    assert conversation_now(shop, received).handover_reason == "tool_outcome_unknown"
    assert [got.body for got in server.received] == [ORDER]
    assert call_states(shop) == ["unknown", "done"]


def test_a_read_that_a_dead_worker_began_is_made_again_with_the_same_key(shop, server):
    write(shop, make_visitor(), "How much?")
    dying = claim(shop)
    begun = toolbox._begin(dying, request_of(dying, "lookup", ORDER))
    let_time_pass(shop)

    work(shop)

    assert call_states(shop) == ["done", "done"]
    assert server.received[0].headers["Idempotency-Key"] == str(begun.call.id)


def test_a_write_in_flight_is_finished_though_its_answer_is_given_up(shop, server):
    """The newer turn waits for it, rather than making it again."""
    hanging = threading.Event()
    server.will(Answer("Paid.", hang=hanging), Answer("Looked."))
    visitor = make_visitor()
    write(shop, visitor, "Pay, please.")
    superseded = claim(shop)

    async def both():
        first = asyncio.create_task(
            toolbox.ClaimToolbox(superseded).run(request_of(superseded, "pay", ORDER))
        )
        await asyncio.to_thread(server.arrived.wait, 5)
        first.cancel()
        await asyncio.to_thread(write, shop, visitor, "Hello?")
        newer = await asyncio.to_thread(claim, shop)
        second = asyncio.create_task(
            toolbox.ClaimToolbox(newer).run(request_of(newer, "pay", ORDER))
        )
        await asyncio.sleep(0.05)
        hanging.set()
        return (await second).text

    assert in_a_loop(both()) == "Paid."
    assert len(server.received) == 1
    assert call_states(shop) == ["done"]


def test_a_stopping_worker_says_what_it_does_not_know(shop, server):
    never = threading.Event()
    server.will(Answer(hang=never))
    write(shop, make_visitor(), "Pay, please.")
    held = claim(shop)

    async def stopped():
        task = asyncio.create_task(toolbox.ClaimToolbox(held).run(request_of(held, "pay", ORDER)))
        await asyncio.to_thread(server.arrived.wait, 5)
        (call,) = toolbox.in_flight()
        call.cancel()
        await asyncio.gather(task, return_exceptions=True)

    in_a_loop(stopped())
    never.set()

    assert call_states(shop) == ["unknown"]
    with pytest.raises(UnknownOutcome):
        run(held, "pay", ORDER)
    assert len(server.received) == 1


@pytest.mark.parametrize(("name", "state"), [("lookup", "failed"), ("pay", "unknown")])
def test_a_bug_in_the_middle_of_a_call_is_no_reason_to_make_it_again(
    shop, server, monkeypatch, name, state
):
    async def broken(response):
        raise RuntimeError("a bug")

    monkeypatch.setattr(http, "_read", broken)
    write(shop, make_visitor(), "Pay, please.")
    held = claim(shop)

    with suppress(UnknownOutcome):
        assert run(held, name, ORDER) == toolbox.BROKE
    with suppress(UnknownOutcome):
        assert run(held, name, ORDER) == toolbox.BROKE

    assert (call_states(shop), len(server.received)) == ([state], 1)


@pytest.mark.parametrize("how", ["switched off", "deleted", "not in the version"])
def test_a_tool_that_may_not_be_called_is_not_called(shop, server, how):
    write(shop, make_visitor(), "Pay, please.")
    held = claim(shop)
    request = request_of(held, "pay", ORDER)
    with tenant_scope(shop.id):
        if how == "switched off":
            Tool.objects.filter(name="pay").update(is_enabled=False)
        elif how == "deleted":
            Tool.objects.filter(name="pay").delete()
    if how == "not in the version":
        object.__setattr__(request.tool, "url", server.url + "/other")
        object.__setattr__(held.question.version, "tools", ())

    said = in_a_loop(toolbox.ClaimToolbox(held).run(request))

    assert said == ToolResult(toolbox.OFF)
    assert (server.received, calls(shop)) == ([], [])


def test_another_tenants_tool_is_not_called(shop, globex, server):
    write(shop, make_visitor(), "Pay, please.")
    write(globex, make_visitor(), "Pay, please.")
    ours, theirs = claim(shop), claim(globex)
    request = request_of(theirs, "pay", ORDER)
    object.__setattr__(ours.question.version, "tools", (request.tool,))

    assert in_a_loop(toolbox.ClaimToolbox(ours).run(request)) == ToolResult(toolbox.OFF)
    assert server.received == []


def test_secrets_are_read_when_a_call_is_made(shop, server):
    write(shop, make_visitor(), "How much?")
    held = claim(shop)
    with tenant_scope(shop.id):
        tool = Tool.objects.get(name="lookup")
        tool.headers = "X-Shop: moved"
        tool.save()

    run(held, "lookup", ORDER)

    assert server.received[0].headers["X-Shop"] == "moved"


def test_secrets_of_another_installation_send_nothing(shop, server):
    write(shop, make_visitor(), "How much?")
    with tenant_scope(shop.id):
        Tool.objects.filter(name="lookup").update(sealed_headers="nonsense")

    assert run(claim(shop), "lookup", ORDER) == toolbox.OFF
    assert server.received == []


@pytest.mark.parametrize(
    ("fallback", "said"), [("Try later.", "Try later."), ("", "The server answered 404: Gone")]
)
def test_a_call_that_failed_is_told_in_the_tools_own_words_if_it_has_any(
    acme, server, fallback, said
):
    server.will(Answer("Gone", 404))
    tool = make_tool(acme, url=server.url, fallback_result=fallback)
    scripted(acme, [["lookup", {}]], tool)
    write(acme, make_visitor())

    work(acme)

    assert answered(acme) == [said]
    assert [(call.state, call.result) for call in calls(acme)] == [
        ("failed", "The server answered 404: Gone")
    ]


def test_an_answer_makes_at_most_twenty_calls(acme, server):
    tool = make_tool(acme, url=server.url)
    scripted(acme, [["lookup", {"page": page}] for page in range(22)], tool)
    write(acme, make_visitor())

    work(acme)

    assert answered(acme)[0].count("Done.") == 20
    assert answered(acme)[0].endswith(f"{toolbox.TOO_MANY} | {toolbox.TOO_MANY}")
    assert (len(server.received), len(calls(acme))) == (20, 20)


def test_nothing_is_begun_once_a_person_holds_the_conversation(shop, server):
    received = write(shop, make_visitor(), "Pay, please.")
    held = claim(shop)
    do(shop, received, engine.take_over, make_member(shop))

    with pytest.raises(LostLease):
        run(held, "pay", ORDER)
    finish(held)

    assert (server.received, calls(shop), answered(shop)) == ([], [], [])


def test_nothing_is_begun_under_a_lease_that_another_worker_took_over(shop, server):
    write(shop, make_visitor(), "Pay, please.")
    stalled = claim(shop)
    let_time_pass(shop)
    assert turns.claim(shop.id, stalled.turn_id)

    with pytest.raises(LostLease):
        run(stalled, "pay", ORDER)

    assert (server.received, calls(shop)) == ([], [])


def test_a_call_is_stored_before_it_is_made(shop, server):
    hanging = threading.Event()
    server.will(Answer("Paid.", hang=hanging))
    write(shop, make_visitor(), "Pay, please.")
    held = claim(shop)

    async def look():
        task = asyncio.create_task(toolbox.ClaimToolbox(held).run(request_of(held, "pay", ORDER)))
        await asyncio.to_thread(server.arrived.wait, 5)
        during = await asyncio.to_thread(call_states, shop)
        hanging.set()
        return during, (await task).text

    assert in_a_loop(look()) == (["started"], "Paid.")


def test_rows_of_calls_are_the_tenants_own(shop, globex, server):
    write(shop, make_visitor(), "Pay, please.")
    work(shop)

    with tenant_scope(globex.id):
        assert not ToolCall.objects.exists()
