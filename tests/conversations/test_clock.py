"""The clock of one machine is wrong: by an hour, by a year."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now

from conversations import attachments, engine, housekeeping, posting, sessions, tasks, turns
from conversations.models import Attachment, Conversation, Message, Turn, TurnState
from realtime import events
from realtime.models import Event
from tenants.scope import tenant_scope
from tests.conversations.test_housekeeping import unsent_file
from tests.conversations.test_turns import commit, only_turn
from tests.factories import make_assistant, make_visitor, write

MODULES = (attachments, engine, events, housekeeping, posting, sessions, turns)


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock of this process, but not the database's."""

    def ahead_by(**difference):
        class Wrong(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(tz) + timedelta(**difference)

        for module in MODULES:
            monkeypatch.setattr(module, "datetime", Wrong, raising=False)

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
