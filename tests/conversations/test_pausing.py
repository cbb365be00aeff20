"""Turns that wait for the visitor's page or for a member, and go on in whichever process."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from assistants.events import Pause
from assistants.models import Tool
from assistants.queries import default_assistant
from assistants.toolbox import ToolRequest, ToolResult, ToolSnapshot
from assistants.versions import create_version, publish
from conversations import engine, tool_answers, toolbox, turns
from conversations.lines import LINES
from conversations.models import ToolCall, Turn, TurnState
from conversations.opening import reserve_conversation
from conversations.sessions import continue_session
from conversations.toolbox import ClaimToolbox
from conversations.visitor_queries import waiting_tool_calls
from realtime.log import Channel, read_events
from tenants.errors import Conflict, NotFound
from tenants.ids import uuid7
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.assistants.tool_server import Answer, open_tool_server
from tests.conversations.calling import (  # noqa: F401 -- a fixture
    call_states,
    calls,
    claim,
    finish,
    in_a_loop,
    latest_turn,
    let_time_pass,
    make_tool,
    no_turn_is_left,
    request_of,
    run,
    scripted,
    work,
)
from tests.conversations.test_engine import conversation_now, do, team_events, turn_states
from tests.conversations.turning import answered
from tests.factories import make_member, make_visitor, write

ITEM = {"item": "lamp"}


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


@pytest.fixture
def page(acme, globex):
    """An assistant that has the visitor's page do something; both tenants have one."""
    for tenant in (globex, acme):
        tool = make_tool(tenant, "show", place="client", url="", timeout_seconds=30)
        scripted(tenant, [["show", ITEM]], tool)
    return acme


@pytest.fixture
def desk(acme, globex, server):
    """An assistant whose refunds a member must approve; both tenants have one."""
    for tenant in (globex, acme):
        tool = make_tool(tenant, "refund", risk="approval", url=server.url)
        scripted(tenant, [["refund", ITEM]], tool)
    return acme


def asked(tenant, visitor=None):
    """A question whose answer waits for somebody by now."""
    received = write(tenant, visitor or make_visitor(), "Please!")
    work(tenant)
    assert latest_turn(tenant).state == TurnState.WAITING
    return received


def visitor_events(tenant, received):
    events = read_events(Channel(tenant.id, received.conversation_id), after=0)
    return [(event.type, event.data) for event in events]


def of_type(events, wanted):
    return [data for type, data in events if type == wanted]


def answer_page(tenant, received, result="Shown.", call=None):
    do(tenant, received, take_result, (call or calls(tenant)[-1]).id, result)


def take_result(conversation, call_id, result):
    tool_answers.take_result(tool_answers.page_call(conversation, call_id), result)


def take_error(conversation, call_id, error):
    tool_answers.take_error(tool_answers.page_call(conversation, call_id), error)


def approve(conversation, call_id, member):
    tool_answers.approve(tool_answers.team_call(conversation, call_id), member)


def reject(conversation, call_id, member):
    tool_answers.reject(tool_answers.team_call(conversation, call_id), member)


@pytest.mark.parametrize(
    ("channel", "known"),
    [("chat", ["show"]), ("blackbox", ["show"]), ("blits", []), ("zeebee", [])],
)
def test_where_there_is_no_page_its_tools_are_not_offered(page, globex, channel, known):
    for tenant in (globex, page):
        with tenant_scope(tenant.id):
            session = continue_session(make_visitor())
            conversation = reserve_conversation(
                session, assistant=default_assistant(), channel=channel
            )
            engine.receive_message(session, text="Hello?", conversation_id=str(conversation.id))

        assert [tool.name for tool in claim(tenant).question.version.tools] == known


def test_the_visitors_page_is_asked_and_nobody_else(page, globex):
    received = asked(page)

    (call,) = calls(page)
    turn = latest_turn(page)
    (request,) = of_type(visitor_events(page, received), "tool:request")
    assert (call.state, call.args, turn.wake_at) == ("waiting", ITEM, call.deadline)
    assert request == {
        "id": str(call.id),
        "conversationId": str(received.conversation_id),
        "name": "show",
        "args": ITEM,
        "deadline": call.deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    seconds = (call.deadline - call.created_at).total_seconds()
    assert seconds == pytest.approx(30, abs=1)
    assert not [type for type, _ in team_events(page) if type.startswith("tool:")]
    assert (calls(globex), team_events(globex), answered(page)) == ([], [], [])


def test_what_the_page_returned_is_what_the_answer_rests_on(page):
    received = asked(page)

    answer_page(page, received, {"shown": True})
    work(page)

    assert answered(page) == ['{"shown": true}']
    turn = latest_turn(page)
    assert (turn.state, turn.attempt, turn.excused, turn.paused) == ("answered", 2, 1, None)


def test_a_page_that_could_not_do_it_says_so(page):
    received = asked(page)

    do(page, received, take_error, calls(page)[0].id, "No lamp here.")
    work(page)

    assert answered(page) == ["The visitor's page reported an error: No lamp here."]
    assert call_states(page) == ["failed"]


def test_a_long_result_is_cut(page):
    received = asked(page)

    answer_page(page, received, "x" * 30_000)

    assert len(calls(page)[0].result) == 8_000


@pytest.mark.parametrize("fallback", ["", "They see it."])
def test_a_page_that_does_not_answer_is_waited_for_until_its_time_is_up(page, fallback):
    with tenant_scope(page.id):
        Tool.objects.update(fallback_result=fallback)
        publish(create_version(default_assistant(), tools=Tool.objects.all()))
    asked(page)
    assert not work(page)
    let_time_pass(page)

    assert (page.id, latest_turn(page).id) in turns.due(limit=10_000)
    work(page)

    assert call_states(page) == ["expired"]
    assert answered(page) == [fallback or toolbox.PAGE_SILENT]


@pytest.mark.parametrize("when", ["answered", "expired", "superseded", "taken over"])
def test_a_call_is_answered_once_and_in_time(page, when):
    visitor = make_visitor()
    received = asked(page, visitor)
    call = calls(page)[0]
    if when == "answered":
        answer_page(page, received)
    elif when == "expired":
        let_time_pass(page)
        claim(page)
    elif when == "superseded":
        write(page, visitor, "Never mind.")
    else:
        do(page, received, engine.take_over, make_member(page))
    before = visitor_events(page, received), turn_states(page), calls(page)[0].result

    with pytest.raises(Conflict) as caught:
        answer_page(page, received, "Late!", call)

    assert caught.value.code == "tool_call_finished"
    assert before == (visitor_events(page, received), turn_states(page), calls(page)[0].result)


def test_a_call_of_somebody_else_cannot_be_answered(page, globex):
    received, foreign = asked(page), asked(globex)
    other = asked(page)
    theirs, others = calls(globex)[0], calls(page)[1]

    for call_id in (theirs.id, others.id, uuid7(), "nonsense", None, 7):
        with pytest.raises(NotFound) as caught:
            do(page, received, take_result, call_id, "Mine!")
        assert caught.value.code == "tool_call_not_found"

    assert call_states(page) == ["waiting", "waiting"]
    assert call_states(globex) == ["waiting"]
    assert foreign.conversation_id != other.conversation_id


def test_a_turn_that_goes_on_is_found_by_whichever_worker_after_any_death(page):
    received = asked(page)
    answer_page(page, received)
    for _ in range(2):
        assert claim(page).question.paused == {"at": 0, "said": []}
        let_time_pass(page)

    work(page)

    assert answered(page) == ["Shown."]


def test_to_wait_is_no_fault_and_to_die_is(acme):
    tool = make_tool(acme, "show", place="client", url="")
    scripted(acme, [["show", {"step": step}] for step in range(5)], tool)
    received = asked(acme)
    for _ in range(4):
        answer_page(acme, received)
        work(acme)
    answer_page(acme, received)
    for _ in range(turns.ATTEMPTS):
        assert claim(acme)
        let_time_pass(acme)

    assert claim(acme) is None
    assert turns.claim_exhausted(acme.id, latest_turn(acme).id)


def test_a_newer_message_or_a_person_ends_the_waiting(desk):
    """And the team hears that it need not decide any more."""
    visitor = make_visitor()
    first = asked(desk, visitor)
    write(desk, visitor, "Never mind.")

    assert call_states(desk) == ["expired"]
    work(desk)
    do(desk, first, engine.take_over, make_member(desk))

    assert call_states(desk) == ["expired", "expired"]
    statuses = [data["status"] for data in of_type(team_events(desk), "tool:approval")]
    assert statuses == ["asked", "expired", "asked", "expired"]
    assert turn_states(desk) == [TurnState.SUPERSEDED, TurnState.CANCELLED]


def test_a_page_that_was_asked_in_vain_is_asked_again_by_the_newer_turn(page):
    visitor = make_visitor()
    asked(page, visitor)
    received = asked(page, visitor)

    assert call_states(page) == ["expired", "waiting"]
    answer_page(page, received)
    work(page)

    assert answered(page) == ["Shown."]


def test_a_page_that_may_have_written_something_is_not_asked_again(acme):
    tool = make_tool(acme, "order", place="client", risk="write", url="")
    scripted(acme, [["order", ITEM]], tool)
    visitor = make_visitor()
    asked(acme, visitor)
    received = write(acme, visitor, "Hello?")

    work(acme)
    work(acme)

    assert conversation_now(acme, received).handover_reason == "tool_outcome_unknown"
    assert call_states(acme) == ["expired"]
    assert len(of_type(visitor_events(acme, received), "tool:request")) == 1


def test_what_a_page_did_for_an_earlier_turn_is_done(page):
    visitor = make_visitor()
    received = asked(page, visitor)
    answer_page(page, received)
    write(page, visitor, "Hello?")

    work(page)
    work(page)

    assert answered(page) == ["Shown."]
    assert len(calls(page)) == 1


def test_the_team_is_asked_and_the_visitor_sees_that_it_is(desk, server, globex):
    received = asked(desk)

    (call,) = calls(desk)
    (request,) = of_type(team_events(desk), "tool:approval")
    assert (call.state, request["status"], request["args"]) == ("asked", "asked", ITEM)
    assert (request["id"], request["name"]) == (str(call.id), "refund")
    assert (call.deadline - call.created_at).total_seconds() == pytest.approx(600, abs=1)
    lines = [data["text"] for data in of_type(visitor_events(desk, received), "message:new")]
    assert lines == ["Please!", LINES["approval"]]
    assert of_type(visitor_events(desk, received), "tool:request") == []
    assert (server.received, team_events(globex)) == ([], [])


def test_what_a_member_approved_is_done_once(desk, server):
    server.will(Answer("Refunded."))
    received, member = asked(desk), make_member(desk)

    do(desk, received, approve, calls(desk)[0].id, member)
    dying = claim(desk)
    run(dying, "refund", ITEM)
    let_time_pass(desk)
    work(desk)

    (call,) = calls(desk)
    assert answered(desk) == ["Refunded."]
    assert (call.state, call.decided_by) == ("done", member.id)
    assert [got.headers["Idempotency-Key"] for got in server.received] == [str(call.id)]
    assert [data["status"] for data in of_type(team_events(desk), "tool:approval")] == [
        "asked",
        "approved",
    ]
    with tenant_scope(desk.id):
        entry = AuditEntry.objects.get(action="tool_call.approved")
    assert (entry.actor, entry.target, entry.details["id"]) == (
        member.user.email,
        "refund",
        str(call.id),
    )


def test_an_approved_call_that_a_dead_worker_began_is_never_made_again(desk, server, monkeypatch):
    monkeypatch.setattr(toolbox, "LOOK_SECONDS", 0.01)
    received = asked(desk)
    do(desk, received, approve, calls(desk)[0].id, make_member(desk))
    dying = claim(desk)
    toolbox._begin(dying, request_of(dying, "refund", ITEM))
    let_time_pass(desk)

    work(desk)

    assert conversation_now(desk, received).handover_reason == "tool_outcome_unknown"
    assert server.received == []


def test_what_a_member_rejected_is_not_done(desk, server):
    received, member = asked(desk), make_member(desk)

    do(desk, received, reject, calls(desk)[0].id, member)
    work(desk)

    assert answered(desk) == [f"Unapproved: {toolbox.REJECTED}"]
    assert (call_states(desk), server.received) == (["rejected"], [])
    with tenant_scope(desk.id):
        assert AuditEntry.objects.filter(action="tool_call.rejected").count() == 1


def test_what_nobody_approved_in_time_is_not_done(desk, server):
    asked(desk)
    let_time_pass(desk)

    work(desk)

    assert answered(desk) == [f"Unapproved: {toolbox.NOT_APPROVED}"]
    assert (call_states(desk), server.received) == (["expired"], [])
    assert of_type(team_events(desk), "tool:approval")[-1]["status"] == "expired"


def test_a_call_that_nobody_was_asked_for_is_not_made(desk, server):
    write(desk, make_visitor(), "Please!")

    assert run(claim(desk), "refund", ITEM) == toolbox.NOT_ASKED
    assert server.received == []


def test_an_approval_is_of_these_arguments_only(desk, server):
    received = asked(desk)
    do(desk, received, approve, calls(desk)[0].id, make_member(desk))

    assert run(claim(desk), "refund", {"item": "house"}) == toolbox.NOT_ASKED
    assert server.received == []


def test_what_was_approved_is_not_done_once_the_tool_is_switched_off(desk, server):
    received = asked(desk)
    do(desk, received, approve, calls(desk)[0].id, make_member(desk))
    with tenant_scope(desk.id):
        Tool.objects.update(is_enabled=False)

    work(desk)

    assert answered(desk) == [toolbox.OFF]
    assert (call_states(desk), server.received) == (["failed"], [])


def test_of_two_members_who_decide_at_once_one_does(desk, server):
    received = asked(desk)
    call_id = calls(desk)[0].id
    members = [make_member(desk), make_member(desk)]

    def decide(verb, member):
        try:
            return do(desk, received, verb, call_id, member)
        except Conflict as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        verbs = (approve, reject)
        said = list(threads.map(decide, verbs, members))

    assert sorted(said, key=str) == [None, "tool_call_finished"]
    assert call_states(desk) in (["approved"], ["rejected"])
    with tenant_scope(desk.id):
        assert AuditEntry.objects.filter(action__startswith="tool_call.").count() == 1


@pytest.mark.parametrize("verb", [approve, reject])
def test_only_what_needs_approval_is_decided(page, verb):
    received = asked(page)

    with pytest.raises(NotFound):
        do(page, received, verb, calls(page)[0].id, make_member(page))


def test_what_the_page_does_may_need_approval_first(acme):
    tool = make_tool(acme, "sign", place="client", risk="approval", url="", timeout_seconds=20)
    scripted(acme, [["sign", ITEM]], tool)
    received, member = asked(acme), make_member(acme)
    (call,) = calls(acme)
    assert of_type(visitor_events(acme, received), "tool:request") == []
    with pytest.raises(NotFound):
        answer_page(acme, received)

    do(acme, received, approve, call.id, member)
    assert latest_turn(acme).state == TurnState.WAITING
    answer_page(acme, received, "Signed.")
    work(acme)

    assert answered(acme) == ["Signed."]
    assert [one["id"] for one in of_type(visitor_events(acme, received), "tool:request")] == [
        str(call.id)
    ]


def test_a_turn_waits_for_all_and_only_as_long_as_each_may_take(acme, server):
    server.will(Answer("Refunded."))
    tools = [
        make_tool(acme, "show", place="client", url="", timeout_seconds=1),
        make_tool(acme, "refund", risk="approval", url=server.url),
    ]
    scripted(acme, [[["show", ITEM], ["refund", ITEM]]], *tools)
    received = asked(acme)
    past = datetime.now(UTC) - timedelta(seconds=1)
    with tenant_scope(acme.id):
        ToolCall.objects.filter(name="show").update(deadline=past)
        Turn.objects.update(wake_at=past)

    assert claim(acme) is None
    show, refund = calls(acme)
    assert (show.state, refund.state, latest_turn(acme).wake_at) == (
        "expired",
        "asked",
        refund.deadline,
    )
    do(acme, received, approve, refund.id, make_member(acme))
    work(acme)

    assert answered(acme) == [f"{toolbox.PAGE_SILENT} | Refunded."]


def test_what_an_answer_was_to_do_beside_is_kept_while_it_waits(acme):
    tool = make_tool(acme, "show", place="client", url="")
    scripted(acme, ["qualify", "end", ["show", ITEM]], tool)
    received = asked(acme)
    assert conversation_now(acme, received).qualified_at is None

    answer_page(acme, received)
    work(acme)

    conversation = conversation_now(acme, received)
    assert (conversation.qualification, conversation.status) == ({"plan": "large"}, "resolved")


def test_a_page_is_not_asked_for_what_may_not_be_called_and_not_for_ever(page):
    with tenant_scope(page.id):
        Tool.objects.update(is_enabled=False)
    received = write(page, make_visitor(), "Please!")

    assert work(page)
    assert work(page)

    assert answered(page) == [toolbox.OFF]
    assert of_type(visitor_events(page, received), "tool:request") == []
    assert latest_turn(page).excused == 0


def test_a_page_is_not_asked_for_what_the_version_does_not_list(page):
    other = make_tool(page, "erase", place="client", url="")
    received = write(page, make_visitor(), "Please!")
    held = claim(page)

    assert turns.pause(held, Pause({}, (ToolRequest("call_1", ToolSnapshot.of(other), {}),)))

    assert (calls(page), latest_turn(page).state) == ([], TurnState.QUEUED)
    assert of_type(visitor_events(page, received), "tool:request") == []


def test_only_so_many_calls_wait_for_one_answer(acme):
    tool = make_tool(acme, "show", place="client", url="")
    scripted(acme, [[["show", {"page": page}] for page in range(25)]], tool)

    asked(acme)

    assert len(calls(acme)) == 20


def test_the_same_call_twice_is_asked_for_once(acme):
    tool = make_tool(acme, "show", place="client", url="")
    scripted(acme, [[["show", ITEM], ["show", ITEM]]], tool)
    received = asked(acme)

    answer_page(acme, received)
    work(acme)

    assert answered(acme) == ["Shown. | Shown."]
    assert len(of_type(visitor_events(acme, received), "tool:request")) == 1


def test_a_worker_that_lost_its_lease_asks_nobody(page):
    received = write(page, make_visitor(), "Please!")
    stalled = claim(page)
    let_time_pass(page)
    newer = claim(page)

    assert not turns.pause(stalled, Pause({}, (request_of(stalled, "show", ITEM),)))
    assert calls(page) == []
    assert of_type(visitor_events(page, received), "tool:request") == []

    finish(newer)
    assert call_states(page) == ["waiting"]


def test_nobody_is_asked_once_a_person_holds_the_conversation(page):
    received = write(page, make_visitor(), "Please!")
    held = claim(page)
    do(page, received, engine.take_over, make_member(page))

    finish(held)

    assert calls(page) == []
    assert of_type(visitor_events(page, received), "tool:request") == []


@pytest.mark.parametrize("ended_by", ["visitor", "member"])
def test_what_was_kept_to_go_on_is_forgotten_when_nobody_goes_on(page, globex, ended_by):
    visitor = make_visitor()
    asked(globex)
    received = write(page, visitor, "Please!")
    work(page)
    turn = latest_turn(page)
    assert turn.paused

    if ended_by == "visitor":
        write(page, visitor, "Never mind.")
    else:
        do(page, received, engine.take_over, make_member(page))

    with tenant_scope(page.id):
        ended = Turn.objects.get(pk=turn.pk)
    assert (ended.state in ("superseded", "cancelled"), ended.paused) == (True, None)
    assert latest_turn(globex).paused


@pytest.mark.parametrize("risk", ["write", "approval"])
def test_a_page_that_comes_back_is_not_asked_to_write_twice(acme, globex, risk):
    scripted(acme, [["show", ITEM]], make_tool(acme, "show", place="client", url="", risk=risk))
    received = asked(acme)
    with tenant_scope(acme.id):
        ToolCall.objects.update(state=ToolCall.State.WAITING)

        assert waiting_tool_calls(received.conversation_id) == []


def test_a_page_that_comes_back_is_told_what_still_waits_for_it(acme, server):
    tools = [
        make_tool(acme, "show", place="client", url=""),
        make_tool(acme, "refund", risk="approval", url=server.url),
    ]
    scripted(acme, [[["show", {"n": 1}], ["show", {"n": 2}], ["refund", ITEM]]], *tools)
    received = asked(acme)
    answer_page(acme, received, call=calls(acme)[0])

    with tenant_scope(acme.id):
        waiting = waiting_tool_calls(received.conversation_id)

    assert [call["args"] for call in waiting] == [{"n": 2}]
    assert waiting[0] == of_type(visitor_events(acme, received), "tool:request")[1]


def test_the_toolbox_answers_for_a_call_that_still_waits(page):
    asked(page)
    with tenant_scope(page.id):
        Turn.objects.update(state=TurnState.QUEUED)
    held = claim(page)

    said = in_a_loop(ClaimToolbox(held).run(request_of(held, "show", ITEM)))

    assert said == ToolResult(toolbox.NOT_ASKED)
