"""Turns of language models are paid for once, and only when they are answered."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from assistants.answering import ENGINES
from assistants.events import Delta, Handoff, Reply, Spent, TurnDone, Usage
from assistants.models import UsageEntry
from assistants.spending import Spending
from assistants.usage import BudgetSpent
from assistants.versions import create_version, publish
from conversations import answers, engine, tasks, turn_runner, turns, worker
from conversations.models import Message, Owner, Turn, TurnState
from conversations.replies import outcome
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope
from tests.assistants.budgets import PRICED, counts, limit, month, states
from tests.assistants.writing import QUESTION, assistant_of, writer
from tests.conversations.test_engine import conversation_now, do, team_events, turn_states, types
from tests.conversations.test_worker import engine_that
from tests.conversations.turning import answered, lapse, only_turn
from tests.factories import make_assistant, make_member, make_visitor, write
from tests.waiting import until

YES = Reply(text="Yes.")
PAID = Spending(turns=1, tokens=25, known_cost=PRICED.cost)
UNPAID = Spending(tokens=25, known_cost=PRICED.cost)


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex, engine="model")
    return make_assistant(acme, engine="model", handover_text="A person will come.")


@pytest.fixture
def running():
    running = worker.Worker()
    yield running
    running.stop()


def claim(tenant):
    return turns.claim(tenant.id, only_turn(tenant))


def commit(held, result=YES, usage=PRICED):
    return answers.commit(held, result, usage=usage)


def ask(tenant, visitor):
    """Ask, and have it answered."""
    received = write(tenant, visitor)
    with tenant_scope(tenant.id):
        turn = Turn.objects.get(conversation_id=received.conversation_id, state=TurnState.QUEUED)
    assert commit(turns.claim(tenant.id, turn.id))


def refused(tenant, visitor, **options):
    before = (types(tenant), turn_states(tenant), states(tenant), counts(tenant))
    with pytest.raises(BudgetSpent):
        write(tenant, visitor, **options)
    return before == (types(tenant), turn_states(tenant), states(tenant), counts(tenant))


def test_a_question_reserves_a_turn_and_its_answer_pays_for_it(acme, globex, assistant):
    received = write(acme, make_visitor())
    assert (counts(acme), states(acme)) == ([(0, 1, 0), (0, 1, 0)], ["held"])

    held = claim(acme)
    assert commit(held)
    assert not commit(held)

    assert month(acme) == PAID
    with tenant_scope(acme.id):
        entry = UsageEntry.objects.get()
    assert (entry.key, entry.state) == (held.turn_id, "settled")
    assert entry.conversation_id == received.conversation_id
    assert (counts(globex), states(globex)) == ([], [])


def test_answers_that_are_quoted_cost_nothing_and_are_never_refused(acme, globex):
    make_assistant(globex, engine="model")
    make_assistant(acme)
    limit(acme, turns_per_month=0, tokens_per_month=0, visitor_turns_per_day=0)

    ask(acme, make_visitor())

    assert (counts(acme), states(acme)) == ([], [])


def test_a_month_that_is_spent_refuses_and_stores_nothing(acme, globex, assistant):
    limit(acme, turns_per_month=1)
    visitor = make_visitor()
    ask(acme, visitor)

    assert refused(acme, visitor)
    assert refused(acme, make_visitor())
    write(globex, make_visitor())


def test_who_asks_for_a_person_needs_no_budget(acme, assistant):
    limit(acme, turns_per_month=0)

    received = write(acme, make_visitor(), text="I want to talk to a human")

    assert not received.awaits_answer
    conversation = conversation_now(acme, received)
    assert (conversation.owner, conversation.handover_reason) == (Owner.WAITING, "requested")
    assert refused(acme, make_visitor(), text="Do you have human-sized boxes?")


def test_a_visitors_day_that_is_spent_refuses_that_visitor_alone(acme, assistant):
    limit(acme, visitor_turns_per_day=2)
    visitor = make_visitor()
    ask(acme, visitor)
    ask(acme, visitor)

    assert refused(acme, visitor)
    ask(acme, make_visitor())


def test_a_refused_message_is_taken_later_under_the_same_key(acme, assistant):
    limit(acme, turns_per_month=0)
    visitor = make_visitor()
    assert refused(acme, visitor, client_id="k")

    limit(acme, turns_per_month=1)

    assert not write(acme, visitor, client_id="k").is_repeat
    assert write(acme, visitor, client_id="k").is_repeat


def test_forty_visitors_at_once_get_as_many_answers_as_there_are(acme, assistant):
    limit(acme, turns_per_month=10)

    def attempt(_):
        try:
            return write(acme, make_visitor())
        except BudgetSpent:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(40) as threads:
        served = [received for received in threads.map(attempt, range(40)) if received]

    assert len(served) == 10
    assert turn_states(acme) == [TurnState.QUEUED] * 10
    assert types(acme).count("message:new") == 10
    assert sorted(counts(acme)) == sorted([(0, 10, 0), *[(0, 1, 0)] * 10])


def test_who_writes_twice_is_answered_once_and_pays_once(acme, assistant):
    limit(acme, turns_per_month=1, visitor_turns_per_day=1)
    visitor = make_visitor()
    write(acme, visitor, "One?")
    old = claim(acme)

    write(acme, visitor, "Two?")
    assert not commit(old)
    assert commit(claim(acme))

    assert (states(acme), answered(acme)) == (["released", "settled"], ["Yes."])
    assert counts(acme) == [(1, 0, 25), (1, 0, 25)]
    assert refused(acme, visitor)


def test_a_refused_second_message_leaves_the_answer_to_the_first_in_the_making(acme, assistant):
    visitor = make_visitor()
    write(acme, visitor, "One?")
    held = claim(acme)
    limit(acme, turns_per_month=0)

    assert refused(acme, visitor, text="Two?")
    assert commit(held)

    assert month(acme) == PAID


def test_an_assistant_that_changes_to_quoting_gives_the_turn_back(acme, assistant):
    visitor = make_visitor()
    write(acme, visitor, "One?")
    with tenant_scope(acme.id):
        publish(create_version(assistant, engine="knowledge"))

    write(acme, visitor, "Two?")
    assert commit(claim(acme), usage=Usage("knowledge"))

    assert (counts(acme), states(acme)) == ([(0, 0, 0), (0, 0, 0)], ["released"])


def test_a_conversation_that_a_person_takes_gives_the_turn_back(acme, assistant):
    received = write(acme, make_visitor())

    do(acme, received, engine.take_over, make_member(acme))

    assert (counts(acme), states(acme)) == ([(0, 0, 0), (0, 0, 0)], ["released"])


def test_a_test_conversation_is_paid_as_the_staged_version_is(acme, globex):
    make_assistant(globex)
    assistant = make_assistant(acme)
    with tenant_scope(acme.id):
        create_version(assistant, engine="model")

    write(acme, make_visitor())
    assert states(acme) == []
    write(acme, make_visitor(), is_test=True)

    assert states(acme) == ["held"]


@pytest.mark.parametrize(
    ("result", "spending"),
    [
        (Handoff("requested", "A person will come."), PAID),
        (Handoff("no_answer", "A person will come."), PAID),
        (Handoff("error:Timeout", "Sorry."), UNPAID),
    ],
)
def test_a_handover_is_paid_for_unless_a_fault_made_it(acme, assistant, result, spending):
    write(acme, make_visitor())

    assert commit(claim(acme), result)

    assert month(acme) == spending
    assert counts(acme) == [(spending.turns, 0, 25)] * 2


# Where visitors wait for a person instead.


def test_with_the_budget_spent_a_visitor_is_handed_over_and_told_so(acme, globex, assistant):
    limit(acme, turns_per_month=0)

    received = write(acme, make_visitor(), "Hello?", client_id="k", hand_over_when_spent=True)

    conversation = conversation_now(acme, received)
    assert (conversation.owner, conversation.handover_reason) == (Owner.WAITING, "budget")
    assert conversation.handover_summary == "The visitor wrote:\n- Hello?"
    with tenant_scope(acme.id):
        said = Message.objects.order_by("seq").values_list("author_kind", "text")
        assert list(said) == [("visitor", "Hello?"), ("system", "A person will come.")]
    assert types(acme) == ["conversation:new", "message:new", "message:new", "conversation:updated"]
    assert team_events(acme)[-1][1]["handoverReason"] == "budget"
    assert (turn_states(acme), states(acme), counts(acme)) == ([], [], [])
    assert types(globex) == []


def test_who_is_handed_over_is_told_so_by_every_repeat(acme, assistant):
    limit(acme, turns_per_month=0)
    visitor = make_visitor()
    first = write(acme, visitor, client_id="k", hand_over_when_spent=True)
    again = write(acme, visitor, client_id="k", hand_over_when_spent=True)

    assert not first.awaits_answer
    assert (again.is_repeat, again.message_id) == (True, first.message_id)
    for received in (first, again):
        assert outcome(acme.id, received.conversation_id, received.seq).handled_by_human


def test_an_answer_in_the_making_ends_with_the_handover(acme, assistant):
    visitor = make_visitor()
    received = write(acme, visitor, "One?")
    held = claim(acme)
    limit(acme, turns_per_month=0)

    write(acme, visitor, "Two?", hand_over_when_spent=True)

    assert not commit(held)
    assert (turn_states(acme), states(acme)) == ([TurnState.CANCELLED], ["released"])
    assert outcome(acme.id, received.conversation_id, received.seq).handled_by_human


def test_within_the_budget_nobody_is_handed_over(acme, assistant):
    limit(acme, turns_per_month=1)

    received = write(acme, make_visitor(), hand_over_when_spent=True)

    assert received.awaits_answer
    assert conversation_now(acme, received).owner == Owner.BOT


# What attempts cost whose answers nobody reads.


def test_an_answer_is_paid_with_what_its_engine_reports(acme, assistant, running, monkeypatch):
    monkeypatch.setitem(ENGINES, "model", "tests.assistants.parrot")
    write(acme, make_visitor(), "Hello?")

    running.submit(acme.id, only_turn(acme))
    until(lambda: answered(acme) == ["Hello?"])

    assert month(acme) == Spending(turns=1, tokens=3, unpriced_tokens=3)


def test_a_real_engine_reports_what_its_provider_told(acme, globex, model_server, running):
    assistant = assistant_of(writer(acme, model_server, "cites"))
    write(acme, make_visitor(), QUESTION, assistant=assistant)

    running.submit(acme.id, only_turn(acme))
    until(lambda: answered(acme))

    assert month(acme) == Spending(turns=1, tokens=120, unpriced_tokens=120)
    assert states(acme) == ["settled"]


@pytest.mark.parametrize(
    "failing",
    [
        engine_that(Spent(Usage("small", 1, 1)), Spent(PRICED), error=RuntimeError("boom")),
        engine_that(Spent(PRICED)),
        engine_that(Delta("Ye", 0), TurnDone("failed", PRICED), error=OSError()),
        engine_that(Handoff("error:limit", "Sorry."), TurnDone("limit", PRICED)),
    ],
)
def test_a_failure_costs_its_tokens_and_no_turn(acme, assistant, running, monkeypatch, failing):
    monkeypatch.setattr(turn_runner, "respond", failing)
    received = write(acme, make_visitor())

    running.submit(acme.id, only_turn(acme))
    until(lambda: conversation_now(acme, received).owner == Owner.WAITING)

    assert (month(acme), states(acme)) == (UNPAID, ["released"])
    assert outcome(acme.id, received.conversation_id, received.seq).tokens == 25


def test_an_attempt_that_came_too_late_costs_its_tokens_and_no_turn(
    acme, assistant, running, monkeypatch
):
    visitor = make_visitor()

    async def respond(question, toolbox):
        yield Reply("To the past.")
        yield TurnDone("replied", PRICED)
        # The worker answers what other tests have asked, too.
        if question.text == "One?":
            await asyncio.to_thread(write, acme, visitor, "Two?")

    monkeypatch.setattr(turn_runner, "respond", respond)
    write(acme, visitor, "One?")
    first = only_turn(acme)

    running.submit(acme.id, first)
    until(lambda: month(acme).tokens)

    assert (month(acme), states(acme)) == (UNPAID, ["released", "held"])
    assert answered(acme) == []


def test_an_answer_that_is_cancelled_in_the_making_costs_its_tokens(
    acme, assistant, running, monkeypatch
):
    async def respond(*_):
        yield Spent(PRICED)
        await asyncio.sleep(60)
        yield YES

    monkeypatch.setattr(turn_runner, "respond", respond)
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.1)
    received = write(acme, make_visitor())
    turn = only_turn(acme)
    running.submit(acme.id, turn)
    until(lambda: turn_states(acme) == [TurnState.RUNNING])

    do(acme, received, engine.take_over, make_member(acme))
    until(lambda: turn not in running._running)

    assert (month(acme), states(acme)) == (UNPAID, ["released"])


def test_a_stopping_worker_notes_what_its_unfinished_answers_have_cost(
    acme, assistant, monkeypatch
):
    async def respond(*_):
        yield Spent(PRICED)
        await asyncio.sleep(60)
        yield YES

    monkeypatch.setattr(turn_runner, "respond", respond)
    monkeypatch.setattr(worker, "SHUTDOWN_SECONDS", 0.3)
    write(acme, make_visitor())
    stopping = worker.Worker()
    stopping.submit(acme.id, only_turn(acme))
    until(lambda: turn_states(acme) == [TurnState.RUNNING])

    stopping.stop()

    assert (month(acme), states(acme)) == (UNPAID, ["held"])
    assert commit(claim(acme))
    assert month(acme) == Spending(turns=1, tokens=50, known_cost=2 * PRICED.cost)


async def test_an_answer_that_is_cancelled_as_it_is_posted_is_posted_and_paid(
    acme, assistant, monkeypatch
):
    gate, waiting = threading.Event(), []

    async def respond(*_):
        yield YES
        yield TurnDone("replied", PRICED)
        for _ in range(settings.DATABASE_THREADS):
            waiting.append(asyncio.ensure_future(run_in_db_thread(gate.wait)))
        await asyncio.sleep(0)

    monkeypatch.setattr(turn_runner, "respond", respond)
    await asyncio.to_thread(write, acme, make_visitor())
    held = await asyncio.to_thread(claim, acme)
    running = asyncio.ensure_future(turn_runner.answer(held))
    for _ in range(10):
        await asyncio.sleep(0)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gate.set()
    await asyncio.gather(*waiting)
    await asyncio.to_thread(until, lambda: answered(acme))

    assert await asyncio.to_thread(month, acme) == PAID


async def test_what_the_database_failed_to_post_costs_its_tokens(acme, assistant, monkeypatch):
    def failing(*args, **kwargs):
        raise OperationalError("away")

    monkeypatch.setattr(answers, "commit", failing)
    monkeypatch.setattr(turn_runner, "respond", engine_that(YES, TurnDone("replied", PRICED)))
    await asyncio.to_thread(write, acme, make_visitor())

    await turn_runner.answer(await asyncio.to_thread(claim, acme))

    assert await asyncio.to_thread(month, acme) == UNPAID
    assert await asyncio.to_thread(states, acme) == ["held"]


def test_attempts_that_all_failed_give_the_turn_back(acme, assistant):
    write(acme, make_visitor())
    turn = only_turn(acme)
    for _ in range(turns.ATTEMPTS):
        assert turns.claim(acme.id, turn)
        lapse(acme, turn)

    asyncio.run(turn_runner.apologise(turns.claim_exhausted(acme.id, turn), "error:attempts"))

    assert (counts(acme), states(acme)) == ([(0, 0, 0), (0, 0, 0)], ["released"])


# Reservations that nobody closed.


def grow_old(tenant):
    with tenant_scope(tenant.id):
        UsageEntry.objects.update(created_at=datetime.now(UTC) - timedelta(minutes=61))


def test_a_reservation_without_an_open_turn_is_given_back_after_an_hour(acme, globex, assistant):
    for tenant in (acme, globex):
        write(tenant, make_visitor())
        with tenant_scope(tenant.id):
            Turn.objects.update(state=TurnState.CANCELLED)

    tasks.keep_house()
    assert states(acme) == ["held"]
    grow_old(acme)
    tasks.keep_house()

    assert (counts(acme), states(acme)) == ([(0, 0, 0), (0, 0, 0)], ["released"])
    assert (counts(globex), states(globex)) == ([(0, 1, 0), (0, 1, 0)], ["held"])


@pytest.mark.parametrize("state", [TurnState.QUEUED, TurnState.RUNNING, TurnState.WAITING])
def test_a_turn_that_is_still_open_keeps_its_reservation(acme, assistant, state):
    write(acme, make_visitor())
    with tenant_scope(acme.id):
        Turn.objects.update(state=state)
    grow_old(acme)

    tasks.keep_house()

    assert states(acme) == ["held"]


def test_a_rule_that_calls_a_person_costs_no_turn(acme, assistant):
    received = write(acme, make_visitor(), "I want to talk to a person")

    asyncio.run(turn_runner.answer(claim(acme)))

    assert conversation_now(acme, received).handover_reason == "requested"
    assert (states(acme), month(acme)) == (["released"], Spending())
