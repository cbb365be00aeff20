"""The clock of one machine is wrong: by an hour, by a year."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from assistants import analyses
from assistants.knowledge import ingestion
from assistants.knowledge.web import site_pages, sites
from assistants.models import Analysis, KnowledgeSource
from assistants.queries import default_assistant
from conversations import engine, housekeeping, tasks, tool_calls, turns
from conversations.models import Attachment, Conversation, Message, Status, Turn, TurnState
from realtime.models import Event
from tenants.scope import tenant_scope
from tests.conversations.calling import (
    calls,
    latest_turn,
    make_tool,
    no_turn_is_left,  # noqa: F401 -- a fixture
    scripted,
    work,
)
from tests.conversations.test_engine import conversation_now, do
from tests.conversations.test_housekeeping import unsent_file
from tests.conversations.turning import commit, only_turn
from tests.factories import make_assistant, make_visitor, write
from tests.test_docs import ROOMS

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock of this process, but not the database's."""

    wrong_by = timedelta(0)

    class Wrong(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + wrong_by

    # Whatever of ours looks at a clock, and not a list that a module could be missing from.
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ROOMS and vars(module).get("datetime") is datetime:
            monkeypatch.setattr(module, "datetime", Wrong)
    monkeypatch.setattr(timezone, "now", lambda: Wrong.now(UTC))

    def ahead_by(**difference):
        nonlocal wrong_by
        wrong_by = timedelta(**difference)
        for now in (engine.datetime.now, timezone.now):
            assert abs(now().astimezone(UTC) - datetime.now(UTC) - wrong_by) < A_MINUTE

    return ahead_by


def test_a_question_from_a_machine_that_is_ahead_is_due_like_any_other(acme, globex, clock):
    for tenant in (acme, globex):
        make_assistant(tenant)
    clock(hours=1)
    received = write(acme, make_visitor())
    write(globex, make_visitor())

    with tenant_scope(acme.id):
        turn = Turn.objects.get(conversation_id=received.conversation_id)
        assert Turn.objects.filter(pk=turn.id, created_at__lte=Now()).exists()
        Turn.objects.update(created_at=turn.created_at - timedelta(seconds=2))

    assert (acme.id, turn.id) in turns.due()


def test_a_machine_that_is_ahead_knows_who_was_here_a_moment_ago(acme, globex, clock):
    for tenant in (acme, globex):
        make_assistant(tenant)
    visitor = make_visitor()
    once, other = write(acme, visitor, client_id="key"), write(globex, visitor)
    clock(hours=1)

    again = write(acme, visitor, client_id="key")

    assert again.is_repeat
    assert again.message_id == once.message_id != other.message_id


def test_a_machine_that_is_a_year_ahead_deletes_nothing(acme, globex, clock):
    for tenant in (acme, globex):
        make_assistant(tenant)
        write(tenant, make_visitor())
    file = unsent_file(acme)
    with tenant_scope(acme.id):
        Attachment.objects.filter(pk=file.pk).update(created_at=Now())
    clock(days=400)

    tasks.keep_house()

    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            assert Event.objects.exists()
            assert Conversation.objects.exists()
    with tenant_scope(acme.id):
        assert Attachment.objects.filter(pk=file.pk).exists()


def test_what_a_machine_announces_that_is_a_year_behind_is_kept(acme, globex, clock):
    for tenant in (acme, globex):
        make_assistant(tenant)
    clock(days=-400)
    write(acme, make_visitor())

    housekeeping.forget_old_events()

    with tenant_scope(acme.id):
        moments = list(Event.objects.values_list("at", flat=True))
    assert moments
    assert all(abs(at - datetime.now(UTC)) < A_MINUTE for at in moments)


@pytest.mark.parametrize("days", [-400, 400])
def test_a_lease_is_as_long_as_ever(acme, globex, clock, days):
    for tenant in (acme, globex):
        make_assistant(tenant)
    clock(days=days)
    write(acme, make_visitor())

    held = turns.claim(acme.id, only_turn(acme))

    assert held is not None
    assert turns.claim(acme.id, only_turn(acme)) is None
    with tenant_scope(acme.id):
        left = Turn.objects.get().lease_until - datetime.now(UTC)
    assert timedelta(seconds=5) < left <= timedelta(seconds=15)
    assert turns.renew(held)


@pytest.mark.parametrize("days", [-400, 400])
def test_order_is_that_of_numbers_and_not_of_clocks(acme, globex, clock, days):
    for tenant in (acme, globex):
        make_assistant(tenant)
    visitor = make_visitor()
    clock(days=days)
    write(acme, visitor, "One.")
    clock(days=0)
    write(acme, visitor, "Two.")

    held = turns.claim(acme.id, only_turn(acme))
    assert commit(held)

    assert held.question.text == "One.\nTwo."
    with tenant_scope(acme.id):
        said = list(Message.objects.order_by("seq").values_list("seq", "author_kind"))
        states = set(Turn.objects.values_list("state", flat=True))
    assert said == [(1, "visitor"), (2, "visitor"), (3, "assistant")]
    assert states == {TurnState.SUPERSEDED, TurnState.ANSWERED}


@pytest.mark.parametrize(("days", "minutes", "status"), [(400, 1, "snoozed"), (-400, -1, "open")])
def test_a_snoozed_conversation_wakes_when_it_is_time(acme, globex, clock, days, minutes, status):
    for tenant in (acme, globex):
        make_assistant(tenant)
    received = write(acme, make_visitor())
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    do(acme, received, engine.set_status, Status.SNOOZED, until=until)
    clock(days=days)

    housekeeping.wake_snoozed()

    assert conversation_now(acme, received).status == status


@pytest.mark.parametrize("by_whom", ["writer", "sweeper"])
@pytest.mark.parametrize("days", [-400, 400])
def test_an_analysis_is_due_and_kept_as_long_as_ever(acme, globex, clock, days, by_whom):
    for tenant in (acme, globex):
        make_assistant(tenant)
    clock(days=days if by_whom == "writer" else 0)
    with tenant_scope(acme.id):
        young, old = (analyses.want(default_assistant(), text) for text in ("Young.", "Old."))
        Analysis.objects.filter(pk=old).update(created_at=Now() - timedelta(hours=2))
    clock(days=days if by_whom == "sweeper" else 0)

    due = analyses.due(limit=10_000)
    analyses.forget_old()

    assert (acme.id, young) in due
    assert (acme.id, old) not in due
    with tenant_scope(acme.id):
        assert list(Analysis.objects.values_list("pk", flat=True)) == [young]


@pytest.mark.parametrize("days", [-400, 400])
def test_a_reader_is_dead_after_as_long_as_ever(acme, globex, clock, monkeypatch, days):
    for tenant in (acme, globex):
        make_assistant(tenant)
    clock(days=days)
    with tenant_scope(acme.id):
        source = ingestion.add_source(default_assistant(), kind="text", title="T", content="Hi.")
    signs, parse = [], ingestion.parsing.parse

    def parse_slowly(kind, content):
        signs.append(sign_of_life(source))
        assert not is_due(ingestion.due, source)
        with tenant_scope(acme.id):
            KnowledgeSource.objects.update(checked_at=Now() - ingestion.READING_TIME)
        assert is_due(ingestion.due, source)
        return parse(kind, content)

    monkeypatch.setattr(ingestion.parsing, "parse", parse_slowly)
    read = ingestion.ingest(source)
    signs.append(sign_of_life(source))

    assert read.status == "ready"
    assert all(abs(sign - datetime.now(UTC)) < A_MINUTE for sign in signs)


@pytest.mark.parametrize("days", [-400, 400])
def test_a_crawler_is_dead_after_as_long_as_ever(acme, globex, clock, days):
    for tenant in (acme, globex):
        make_assistant(tenant)
    clock(days=days)
    with tenant_scope(acme.id):
        site = sites.add_site(default_assistant(), title="T", url="https://shop.example/")

    lease = sites.take(site)
    assert sites.take(site) is None
    assert abs(lease.since - datetime.now(UTC)) < A_MINUTE
    assert abs(lease.site.next_crawl_at - datetime.now(UTC) - timedelta(hours=24)) < A_MINUTE
    site_pages.fail_page(
        lease, "https://shop.example/a", title="A", error=sites.BadRequest("No.", code="http_error")
    )
    assert abs(sign_of_life(site) - datetime.now(UTC)) < A_MINUTE
    assert not is_due(sites.due_sites, site)
    with tenant_scope(acme.id):
        KnowledgeSource.objects.filter(pk=site.pk).update(checked_at=Now() - sites.LEASE)

    assert is_due(sites.due_sites, site)


def sign_of_life(source):
    with tenant_scope(source.tenant_id):
        return KnowledgeSource.objects.get(pk=source.pk).checked_at


def is_due(due, source):
    with tenant_scope(source.tenant_id):
        return due().filter(pk=source.pk).exists()


def test_a_call_is_waited_for_as_long_as_ever(acme, globex, clock):
    for tenant in (acme, globex):
        tool = make_tool(tenant, "show", place="client", url="", timeout_seconds=30)
        scripted(tenant, [["show", {}]], tool)
    clock(hours=1)

    write(acme, make_visitor(), "Please!")
    work(acme)

    (call,) = calls(acme)
    assert latest_turn(acme).wake_at == call.deadline
    assert left(call) < timedelta(seconds=31)
    for wait, state in ((tool_calls.start, "started"), (tool_calls.ask_page, "waiting")):
        with tenant_scope(acme.id):
            wait(call, seconds=20)
        assert (call.state, left(call) < timedelta(seconds=21)) == (state, True)


def left(call):
    return call.deadline - datetime.now(UTC)
