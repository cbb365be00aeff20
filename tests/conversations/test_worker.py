import asyncio
import threading
import time

import pytest
from celery import signals
from django.db import InterfaceError, OperationalError

from assistants import analyses
from assistants.events import Delta, Handoff, Reply, TurnDone, Usage
from assistants.knowledge.ingestion import add_source, ingest
from conversations import engine, tasks, turn_runner, turns, worker
from conversations.models import Message, Owner, Turn, TurnState
from conversations.replies import outcome
from realtime.models import Pulse
from tenants import executor, mail_delivery
from tenants.scope import tenant_scope
from tests.conversations.calling import no_turn_is_left  # noqa: F401 -- a fixture
from tests.conversations.test_engine import conversation_now, do
from tests.conversations.turning import answered, commit, lapse, only_turn
from tests.factories import make_assistant, make_member, make_visitor, write
from tests.waiting import until

FAQ = [
    {"question": "How much is shipping?", "variants": [], "answer": "Shipping costs four euros."}
]


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


@pytest.fixture
def running():
    running = worker.Worker()
    yield running
    running.stop()


def works_on(worker, tenant):
    """Whether it is at the tenant's turn; others' tests leave it turns of their own."""
    return only_turn(tenant) in worker._running


def engine_that(*events, wait=0.0, error=None):
    """An answering engine as it might behave: slow, failing, silent."""

    async def respond(*_):
        await asyncio.sleep(wait)
        for event in events:
            yield event
        if error:
            raise error

    return respond


def test_a_question_is_answered_from_knowledge_with_its_source(acme, assistant, running):
    with tenant_scope(acme.id):
        source = add_source(assistant, kind="faq", title="Shipping", content=FAQ)
    ingest(source)
    received = write(acme, make_visitor(), "How much is shipping?")

    running.submit(acme.id, only_turn(acme))
    until(lambda: not outcome(acme.id, received.conversation_id, received.seq).is_pending)

    found = outcome(acme.id, received.conversation_id, received.seq)
    assert "Shipping costs four euros." in found.message["text"]
    assert [one["sourceId"] for one in found.message["sources"]] == [str(source.id)]


def test_a_question_that_no_nudge_announced_is_found_by_the_sweep(acme, assistant, running):
    write(acme, make_visitor(), "Is anybody there?")

    until(lambda: answered(acme), seconds=12)


def test_a_full_worker_leaves_what_it_is_told_to_the_sweep(acme, assistant, running, monkeypatch):
    monkeypatch.setattr(worker, "JOBS_HELD", 0)
    write(acme, make_visitor(), "Is anybody there?")

    running.submit(acme.id, only_turn(acme))
    heard = threading.Event()
    # After what it was told before.
    running._call(heard.set)

    assert heard.wait(10)
    assert not works_on(running, acme)


def test_the_worker_says_that_it_lives(running):
    until(lambda: Pulse.objects.filter(name="worker").exists())


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (engine_that(error=RuntimeError("boom")), "error:RuntimeError"),
        (engine_that(TurnDone(outcome="replied")), "error:empty"),
        (engine_that(Delta("half an ans", 0), error=OSError()), "error:OSError"),
        (engine_that(wait=60), "error:timeout"),
    ],
)
def test_whatever_goes_wrong_becomes_a_visible_handover(
    acme, globex, running, monkeypatch, failing, reason
):
    make_assistant(globex)
    make_assistant(acme, handover_text="Bitte warten Sie.")
    monkeypatch.setattr(turn_runner, "respond", failing)
    monkeypatch.setattr(turn_runner, "TURN_SECONDS", 0.3)
    received = write(acme, make_visitor(), "Hello?")

    running.submit(acme.id, only_turn(acme))
    until(lambda: conversation_now(acme, received).owner == Owner.WAITING)

    assert answered(acme) == ["Bitte warten Sie."]
    conversation = conversation_now(acme, received)
    assert conversation.handover_summary == "The visitor wrote:\n- Hello?"
    assert outcome(acme.id, received.conversation_id, received.seq).handover == reason


def test_an_engine_that_hands_over_is_heard(acme, assistant, running, monkeypatch):
    done = TurnDone(outcome="handoff", usage=Usage(model="m", input_tokens=3, output_tokens=4))
    handoff = Handoff(reason="requested", text="A person will come.")
    monkeypatch.setattr(turn_runner, "respond", engine_that(handoff, done))
    received = write(acme, make_visitor(), "A person, please.")

    running.submit(acme.id, only_turn(acme))
    until(lambda: conversation_now(acme, received).owner == Owner.WAITING)

    found = outcome(acme.id, received.conversation_id, received.seq)
    assert (found.handover, found.model, found.tokens) == ("requested", "m", 7)


def test_one_turn_submitted_many_times_is_answered_once(acme, assistant, running, monkeypatch):
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="Yes."), wait=0.2))
    write(acme, make_visitor(), "Hello?")

    for _ in range(10):
        running.submit(acme.id, only_turn(acme))
    until(lambda: answered(acme))

    assert answered(acme) == ["Yes."]
    with tenant_scope(acme.id):
        assert Turn.objects.get().attempt == 1


def test_an_answer_that_is_not_wanted_any_more_is_given_up(acme, assistant, running, monkeypatch):
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="Too late."), wait=30))
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.1)
    received = write(acme, make_visitor(), "Hello?")
    running.submit(acme.id, only_turn(acme))
    until(lambda: works_on(running, acme))

    do(acme, received, engine.take_over, make_member(acme))
    until(lambda: not works_on(running, acme))

    assert answered(acme) == []


def test_a_tenant_whose_model_hangs_holds_up_nobody_else(acme, globex, assistant, monkeypatch):
    async def respond(question, *_):
        if question.version.tenant_id == acme.id:
            await asyncio.Event().wait()
        yield Reply(text="Yes.")

    monkeypatch.setattr(turn_runner, "respond", respond)
    monkeypatch.setattr(worker, "CONCURRENT_TURNS", 4)
    monkeypatch.setattr(worker, "SHUTDOWN_SECONDS", 0.1)
    for _ in range(4):
        write(acme, make_visitor(), "Hello?")
    running = worker.Worker()

    try:
        with tenant_scope(acme.id):
            for turn in Turn.objects.values_list("id", flat=True):
                running.submit(acme.id, turn)
        until(lambda: sorted(_states(acme)) == ["queued"] * 2 + ["running"] * 2)
        write(globex, make_visitor(), "Hello?")
        running.submit(globex.id, only_turn(globex))
        until(lambda: answered(globex) == ["Yes."])
        assert sorted(_states(acme)) == ["queued"] * 2 + ["running"] * 2
    finally:
        running.stop()


def test_a_slow_answer_keeps_its_lease(acme, assistant, running, monkeypatch):
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="At last."), wait=1.5))
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.1)
    write(acme, make_visitor(), "Hello?")
    turn = only_turn(acme)
    running.submit(acme.id, turn)
    until(lambda: works_on(running, acme))
    time.sleep(0.2)

    lapse(acme, turn)
    time.sleep(0.4)
    assert turns.claim(acme.id, turn) is None

    until(lambda: answered(acme))


def test_a_lease_is_kept_whatever_else_its_tenant_has_begun(acme, assistant, running, monkeypatch):
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="At last."), wait=60))
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.1)
    write(acme, make_visitor(), "Hello?")
    running.submit(acme.id, only_turn(acme))
    until(lambda: _states(acme) == [TurnState.RUNNING])
    go = threading.Event()
    hanging = [executor._threads.submit(str(acme.id), go.wait) for _ in range(20)]
    renewals = _renewals(monkeypatch)

    try:
        until(lambda: len(renewals) > 2)
    finally:
        go.set()
    assert all(job.result(5) for job in hanging)


def _renewals(monkeypatch):
    renewed, renew = [], turns.renew

    def noted(held):
        renewed.append(held)
        return renew(held)

    monkeypatch.setattr(turns, "renew", noted)
    return renewed


def test_a_stopping_worker_gives_unfinished_turns_back(acme, assistant, monkeypatch):
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="Never."), wait=60))
    monkeypatch.setattr(worker, "SHUTDOWN_SECONDS", 0.3)
    write(acme, make_visitor(), "Hello?")
    stopping = worker.Worker()
    stopping.submit(acme.id, only_turn(acme))
    until(lambda: _states(acme) == [TurnState.RUNNING])

    stopping.stop()

    held = turns.claim(acme.id, only_turn(acme))
    assert held.attempt == 2
    assert commit(held, Reply(text="By another."))
    with tenant_scope(acme.id):
        assert Message.objects.filter(author_kind="assistant").count() == 1


def _states(tenant):
    with tenant_scope(tenant.id):
        return list(Turn.objects.values_list("state", flat=True))


def test_the_sweep_survives_whatever_goes_wrong(acme, assistant, monkeypatch):
    failures = [InterfaceError("connection already closed"), RuntimeError("a bug")]
    due = turns.due

    def failing():
        if failures:
            raise failures.pop()
        return due()

    monkeypatch.setattr(turns, "due", failing)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.1)
    write(acme, make_visitor(), "Is anybody there?")
    sweeping = worker.Worker()

    try:
        until(lambda: answered(acme))
    finally:
        sweeping.stop()

    assert failures == []


def test_an_answer_outlives_a_renewal_that_failed(acme, assistant, running, monkeypatch):
    failures = [OperationalError("away"), InterfaceError("away")]
    renew = turns.renew

    def failing(held):
        if failures:
            raise failures.pop()
        return renew(held)

    monkeypatch.setattr(turns, "renew", failing)
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="At last."), wait=1))
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.1)
    write(acme, make_visitor(), "Hello?")

    running.submit(acme.id, only_turn(acme))
    until(lambda: not failures)
    assert works_on(running, acme)
    until(lambda: answered(acme) == ["At last."])

    with tenant_scope(acme.id):
        assert Turn.objects.get().attempt == 1


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("away")])
def test_a_turn_that_the_database_failed_is_tried_again(
    acme, assistant, running, monkeypatch, error
):
    monkeypatch.setattr(turn_runner, "respond", engine_that(error=error))
    received = write(acme, make_visitor(), "Hello?")
    turn = only_turn(acme)

    running.submit(acme.id, turn)
    until(lambda: _states(acme) == [TurnState.RUNNING])
    until(lambda: not works_on(running, acme))

    assert conversation_now(acme, received).owner == Owner.BOT
    assert answered(acme) == []


def test_the_process_waits_for_the_answers_that_are_being_made(acme, assistant, monkeypatch):
    monkeypatch.setattr(turn_runner, "respond", engine_that(Reply(text="Just in time."), wait=1))
    monkeypatch.setattr(worker, "_worker", None)
    # This process goes on, and others' tests send mail in it.
    monkeypatch.setattr(mail_delivery, "_ending", threading.Event())
    write(acme, make_visitor(), "Hello?")
    worker.current().submit(acme.id, only_turn(acme))
    until(lambda: _states(acme) == [TurnState.RUNNING])

    signals.worker_shutting_down.send(sender="test", sig="SIGTERM", how="Warm", exitcode=0)
    signals.worker_shutdown.send(sender="test")

    assert answered(acme) == ["Just in time."]


def understand(tenant, assistant, text="Hello?"):
    with tenant_scope(tenant.id):
        return analyses.want(assistant, text)


def test_a_message_that_is_to_be_understood_is(acme, assistant, running):
    wanted = understand(acme, assistant, "Write to ann@example.com")

    running.submit_analysis(acme.id, wanted)
    result = asyncio.run(analyses.wait_for(acme.id, wanted))

    assert [one["value"] for one in result["entities"]] == ["ann@example.com"]


def test_an_analysis_that_no_nudge_announced_is_found_by_the_sweep(acme, assistant, monkeypatch):
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.1)
    sweeping = worker.Worker()

    try:
        wanted = understand(acme, assistant)
        assert asyncio.run(analyses.wait_for(acme.id, wanted))["message"] == "Hello?"
    finally:
        sweeping.stop()


def test_a_nudge_wakes_the_worker(acme, assistant, monkeypatch):
    monkeypatch.setattr(worker, "_worker", None)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 60)
    worker.current()
    try:
        wanted = understand(acme, assistant)
        tasks.analyze(str(acme.id), str(wanted))
        result = asyncio.run(analyses.wait_for(acme.id, wanted))
    finally:
        worker.current().stop()

    assert result["message"] == "Hello?"
    assert tasks.analyze.name == analyses.NUDGE
