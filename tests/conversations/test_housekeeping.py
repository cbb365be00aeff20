from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DataError, connections

from assistants.queries import default_assistant
from conversations import attachments, engine, erasing, housekeeping, tasks
from conversations.erasing import decide
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Message,
    Status,
    VisitorSession,
)
from conversations.opening import greet, reserve_conversation
from conversations.sessions import continue_session
from realtime.models import Event, Pulse
from tenants.scope import platform_scope, tenant_scope
from tests.conversations.test_engine import conversation_now, do
from tests.factories import make_assistant, make_visitor, write


@pytest.fixture
def received(acme, globex):
    for tenant in (globex, acme):
        make_assistant(tenant)
    return write(acme, make_visitor())


def unsent_file(tenant):
    stored = attachments.store(ContentFile(b"Hello.", name="a.txt"), tenant_id=tenant.id)
    with tenant_scope(tenant.id):
        file = attachments.attach_later(stored)
        long_ago = datetime.now(UTC) - timedelta(days=2)
        Attachment.objects.filter(pk=file.pk).update(created_at=long_ago)
    return file


def test_a_snoozed_conversation_wakes_when_its_time_has_come(acme, received):
    past, later = (datetime.now(UTC) + timedelta(minutes=n) for n in (-1, 1))
    other = write(acme, make_visitor())
    do(acme, received, engine.set_status, Status.SNOOZED, until=past)
    do(acme, other, engine.set_status, Status.SNOOZED, until=later)

    tasks.keep_house()

    assert conversation_now(acme, received).status == Status.OPEN
    assert conversation_now(acme, other).status == Status.SNOOZED


def test_two_schedulers_by_mistake_do_everything_once(acme, globex, received):
    past = datetime.now(UTC) - timedelta(minutes=1)
    others = [write(tenant, make_visitor()) for tenant in (acme, globex) for _ in range(5)]
    tenants = [acme] * 5 + [globex] * 5
    for tenant, other in zip(tenants, others, strict=True):
        do(tenant, other, engine.set_status, Status.SNOOZED, until=past)
    before = updates()
    file = unsent_file(acme)

    def keep_house(_):
        try:
            tasks.keep_house()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(keep_house, range(4)))

    for tenant, other in zip(tenants, others, strict=True):
        assert conversation_now(tenant, other).status == Status.OPEN
    assert updates() - before == len(others)
    assert not default_storage.exists(file.file.name)


def updates():
    with platform_scope("test"):
        return Event.objects.filter(type="conversation:updated", audience="team").count()


def test_events_beyond_the_retention_are_forgotten(acme, globex, received):
    write(globex, make_visitor())
    old = datetime.now(UTC) - timedelta(hours=settings.EVENT_RETENTION_HOURS, minutes=1)
    with tenant_scope(acme.id):
        Event.objects.update(at=old)

    tasks.keep_house()

    for tenant, left in ((acme, False), (globex, True)):
        with tenant_scope(tenant.id):
            assert Event.objects.exists() is left


def test_a_storage_that_fails_keeps_no_other_file(acme, globex, monkeypatch):
    stuck, other = unsent_file(acme), unsent_file(globex)
    delete = default_storage.delete

    def failing(name):
        if name == stuck.file.name:
            raise OSError("The bucket is frozen.")
        delete(name)

    monkeypatch.setattr(default_storage, "delete", failing)
    Pulse.objects.filter(name="beat").delete()

    tasks.keep_house()

    assert Pulse.objects.filter(name="beat").exists()
    for tenant, left in ((acme, [stuck.id]), (globex, [])):
        with tenant_scope(tenant.id):
            assert list(Attachment.objects.values_list("id", flat=True)) == left
    monkeypatch.undo()
    assert not default_storage.exists(other.file.name)
    attachments.forget_unsent()


def reserved(tenant, *, days_ago, greeted=False):
    with tenant_scope(tenant.id):
        session = continue_session(make_visitor())
        conversation = reserve_conversation(session, assistant=default_assistant(), channel="blits")
        if greeted:
            greet(conversation)
        long_ago = datetime.now(UTC) - timedelta(days=days_ago)
        Conversation.objects.filter(pk=conversation.pk).update(created_at=long_ago)
        VisitorSession.objects.filter(pk=session.pk).update(last_seen_at=long_ago)
        return conversation.pk


def came(tenant, *, days_ago, **known):
    """A visitor who began a session and no conversation."""
    with tenant_scope(tenant.id):
        session = continue_session(make_visitor(user_id="kim"))
        long_ago = datetime.now(UTC) - timedelta(days=days_ago)
        VisitorSession.objects.filter(pk=session.pk).update(last_seen_at=long_ago)
        Contact.objects.filter(pk=session.contact_id).update(**known)
        return session.pk


def people(tenant):
    with tenant_scope(tenant.id):
        return VisitorSession.objects.count(), Contact.objects.count()


def test_a_conversation_in_which_nothing_was_said_is_forgotten(acme, globex, received):
    strangers = [people(tenant) for tenant in (acme, globex)]
    unused = [reserved(tenant, days_ago=3) for tenant in (acme, globex)]
    kept = [reserved(acme, days_ago=1), reserved(acme, days_ago=3, greeted=True)]

    tasks.keep_house()

    for tenant, left in ((acme, {*kept, received.conversation_id}), (globex, set())):
        with tenant_scope(tenant.id):
            ids = set(Conversation.objects.values_list("pk", flat=True))
            assert ids == left
            assert not ids & set(unused)
    # Who said nothing is forgotten too; three more came to Acme, of whom one conversation is gone.
    assert people(globex) == strangers[1]
    assert people(acme) == tuple(count + 2 for count in strangers[0])


def test_visitors_who_began_nothing_are_forgotten(acme, globex, received):
    silent = [came(tenant, days_ago=3) for tenant in (acme, globex)]
    lately = came(acme, days_ago=1)
    known = came(acme, days_ago=3, email="kim@acme.example")
    with tenant_scope(acme.id):
        talking = VisitorSession.objects.get(conversations=received.conversation_id)
        VisitorSession.objects.filter(pk=talking.pk).update(last_seen_at=attachments.LONG_AGO)

    tasks.keep_house()

    for tenant, left in ((acme, {lately, talking.pk}), (globex, set())):
        with tenant_scope(tenant.id):
            sessions = set(VisitorSession.objects.values_list("pk", flat=True))
            assert sessions == left
            assert not sessions & {*silent, known}
    with tenant_scope(acme.id):
        # Whoever wrote is not looked at again, and whom the team knows by name stays a contact.
        assert VisitorSession.objects.filter(is_new=True).get().pk == lately
        assert Contact.objects.filter(email="kim@acme.example").exists()


def test_a_visitor_who_comes_back_is_not_forgotten(acme, globex, received, monkeypatch):
    """Neither while the silent ones are looked through, nor before."""
    unused, silent = reserved(acme, days_ago=3), came(acme, days_ago=3)
    with tenant_scope(acme.id):
        waiting = Conversation.objects.get(pk=unused).session_id
        VisitorSession.objects.filter(pk=waiting).update(last_seen_at=datetime.now(UTC))
    forget = housekeeping._forget_stranger

    def come_back(session_id):
        VisitorSession.objects.filter(pk=session_id).update(last_seen_at=datetime.now(UTC))
        forget(session_id)

    monkeypatch.setattr(housekeeping, "_forget_stranger", come_back)

    tasks.keep_house()

    with tenant_scope(acme.id):
        assert not Conversation.objects.filter(pk=unused).exists()
        kept = VisitorSession.objects.filter(pk__in=[waiting, silent])
        assert list(kept.values_list("is_new", flat=True)) == [True, True]


def test_what_was_to_be_erased_is_erased_though_whoever_began_it_is_gone(acme, globex, received):
    lately, other = write(acme, make_visitor(), "Now."), write(globex, make_visitor(), "Mine.")
    with tenant_scope(acme.id):
        ids = [received.conversation_id, lately.conversation_id]
        assert sorted(decide(Conversation.objects.filter(pk__in=ids))) == sorted(ids)
        before = datetime.now(UTC) - timedelta(minutes=2)
        Conversation.objects.filter(pk=received.conversation_id).update(erasing_since=before)

    tasks.keep_house()
    tasks.keep_house()

    # Who decided it may be at it for a minute.
    for tenant, one, texts in ((acme, received, [""]), (acme, lately, ["Now."])):
        assert said_in(tenant, one) == texts
    assert said_in(globex, other) == ["Mine."]
    assert conversation_now(acme, received).erasing_since is None
    assert conversation_now(acme, lately).erasing_since is not None


def said_in(tenant, received):
    with tenant_scope(tenant.id):
        messages = Message.objects.filter(conversation=received.conversation_id)
        return list(messages.values_list("text", flat=True))


def test_what_cannot_be_erased_holds_nothing_else_up(acme, globex, received, monkeypatch):
    other, file = write(globex, make_visitor(), "Hm."), unsent_file(acme)
    for minutes, tenant in ((3, acme), (2, globex)):
        with tenant_scope(tenant.id):
            before = datetime.now(UTC) - timedelta(minutes=minutes)
            Conversation.objects.update(erasing_since=before)
    erase = erasing.erase_history

    def fail(conversation):
        if conversation.pk == received.conversation_id:
            raise DataError("There is something odd in it.")
        erase(conversation)

    monkeypatch.setattr(erasing, "erase_history", fail)
    monkeypatch.setattr(tasks, "HOUSEKEEPING", [failing, *tasks.HOUSEKEEPING])

    tasks.keep_house()

    assert said_in(globex, other) == [""]
    assert not default_storage.exists(file.file.name)
    # It is tried again, after whatever else is left.
    since = conversation_now(acme, received).erasing_since
    assert since > datetime.now(UTC) - timedelta(seconds=30)


def failing():
    raise DataError("It fails every time.")
