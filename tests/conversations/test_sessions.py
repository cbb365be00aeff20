import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from conversations import visits
from conversations.models import Contact, VisitorSession
from conversations.sessions import change_secret, continue_session, known_session, secret_of
from conversations.visits import grant_of
from tenants.errors import TooManyRequests, Unauthorized
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.factories import make_visitor


def session_of(tenant, visitor, **options):
    with tenant_scope(tenant.id):
        session = continue_session(visitor, **options)
        return session.id, secret_of(session)


def test_the_same_browser_goes_on_for_thirty_minutes(acme):
    visitor = make_visitor(origin="https://shop.example", user_agent="Firefox")

    first, _ = session_of(acme, visitor)

    assert session_of(acme, visitor)[0] == first


@pytest.mark.parametrize(
    "difference", [{"origin": "https://evil.example"}, {"user_agent": "Other"}, {"label": "other"}]
)
def test_another_browser_with_the_same_label_begins_anew(acme, difference):
    visitor = make_visitor(origin="https://shop.example", user_agent="Firefox")
    first, _ = session_of(acme, visitor)

    assert session_of(acme, replace(visitor, **difference))[0] != first


def test_after_thirty_idle_minutes_only_the_secret_goes_on(acme):
    visitor = make_visitor()
    first, secret = session_of(acme, visitor)
    with tenant_scope(acme.id):
        long_ago = datetime.now(UTC) - timedelta(minutes=31)
        VisitorSession.objects.filter(id=first).update(last_seen_at=long_ago)

    assert session_of(acme, visitor)[0] != first
    assert session_of(acme, replace(visitor, secret=secret, origin="elsewhere"))[0] == first


def test_once_the_secret_was_shown_it_is_always_needed(acme):
    visitor = make_visitor()
    first, secret = session_of(acme, visitor)
    session_of(acme, replace(visitor, secret=secret))

    assert session_of(acme, visitor)[0] != first


def test_a_wrong_or_foreign_secret_is_refused_and_writes_nothing(acme, globex):
    visitor = make_visitor()
    _, foreign = session_of(globex, visitor)
    known = make_visitor(source_id=visitor.source_id)
    theirs, other = session_of(acme, known)

    for secret in ("ss_wrong", foreign, other):
        with pytest.raises(Unauthorized):
            session_of(acme, replace(visitor, secret=secret))
    for secret in ("ss_wrong", foreign):
        with pytest.raises(Unauthorized):
            session_of(acme, replace(known, secret=secret))
    with tenant_scope(acme.id):
        assert not VisitorSession.objects.filter(label=visitor.label).exists()
        assert not VisitorSession.objects.get(pk=theirs).secret_seen


def test_reading_needs_the_secret(acme):
    visitor = make_visitor()
    first, secret = session_of(acme, visitor)

    with tenant_scope(acme.id):
        assert known_session(visitor) is None
        assert known_session(replace(visitor, secret="ss_wrong")) is None
        assert known_session(replace(visitor, secret=secret)).id == first


def test_a_refused_new_session_leaves_nothing_behind(acme):
    def refuse():
        raise TooManyRequests

    with pytest.raises(TooManyRequests):
        session_of(acme, make_visitor(), on_new=refuse)
    with tenant_scope(acme.id):
        assert not VisitorSession.objects.exists()
        assert not Contact.objects.exists()


def test_fifty_first_requests_at_once_make_one_session(acme):
    visitor = make_visitor()
    second = threading.Barrier(2)

    def linger():
        """Whoever would begin a session waits for another who would."""
        with suppress(threading.BrokenBarrierError):
            second.wait(0.3)

    def go(_):
        try:
            return session_of(acme, visitor, on_new=linger)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        results = set(threads.map(go, range(50)))

    assert len(results) == 1
    with tenant_scope(acme.id):
        assert VisitorSession.objects.count() == 1
        assert Contact.objects.count() == 1


def test_a_secret_outlives_the_installations(acme, settings):
    visitor = make_visitor()
    first, secret = session_of(acme, visitor)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 8, [settings.SECRET_KEY]

    assert session_of(acme, visitor) == (first, secret)
    assert session_of(acme, make_visitor())[1] != secret


def test_a_user_whom_a_server_vouches_for_is_known_by_the_id_alone(acme, globex):
    user = make_visitor(user_id="user-1", is_vouched_for=True)
    first, _ = session_of(acme, user)
    with tenant_scope(acme.id):
        long_ago = datetime.now(UTC) - timedelta(days=90)
        VisitorSession.objects.filter(id=first).update(last_seen_at=long_ago)

    assert session_of(acme, replace(user, origin="elsewhere"))[0] == first
    assert session_of(acme, replace(user, is_vouched_for=False))[0] != first
    assert session_of(acme, replace(user, source_id=uuid7()))[0] != first
    assert session_of(globex, user)[0] != first
    with tenant_scope(acme.id):
        session = VisitorSession.objects.get(id=first)
        assert (session.user_id, session.contact.attributes) == ("user-1", {"userId": "user-1"})
        assert session.contact.external_id is None


def test_each_look_for_changed_secrets_reads_what_has_changed_since_the_one_before(
    acme, globex, monkeypatch
):
    with tenant_scope(globex.id):
        untouched = grant_of(continue_session(make_visitor()))
    with tenant_scope(acme.id):
        session = continue_session(make_visitor())
        before = grant_of(session)
        change_secret(session)
        five_minutes_ago = Now() - timedelta(minutes=5)
        VisitorSession.objects.filter(pk=session.pk).update(secret_changed_at=five_minutes_ago)
    grants = {before, untouched, grant_of(session)}

    monkeypatch.setattr(visits, "_looked_at", time.monotonic() - 600)
    first = visits.ended(grants)
    again = visits.ended(grants)

    assert first == {before}
    # Its socket was closed by then, and it is not read by every look of an hour.
    assert again == set()
