import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client

from tenants import access, sessions, tokens
from tenants.errors import Forbidden, Unauthorized
from tenants.models import LoginSession, Membership
from tests.factories import PASSWORD, make_member


def logged_in(member, **options):
    return sessions.log_in(email=member.user.email, password=PASSWORD, **options)


def row_of(pair):
    return LoginSession.objects.get(
        pk=tokens.read(pair.refresh, token_type=tokens.REFRESH)["sid"]
    )


def refused(act, *args):
    with pytest.raises(Unauthorized) as error:
        act(*args)
    return error.value.code


def test_a_member_logs_in_and_is_known(acme, globex):
    member = make_member(acme, role="admin")
    make_member(globex)

    grant = sessions.verify_access(logged_in(member).access)

    assert (grant.tenant_id, grant.membership_id, grant.role) == (acme.id, member.id, "admin")


@pytest.mark.parametrize(
    ("email", "password"), [("nobody@acme.example", PASSWORD), (None, "wrong"), (None, "")]
)
def test_a_wrong_log_in_does_not_tell_what_was_wrong(acme, email, password):
    member = make_member(acme)

    with pytest.raises(Unauthorized) as error:
        sessions.log_in(email=email or member.user.email, password=password)

    assert error.value.code == "invalid_credentials"


def test_an_unknown_account_takes_as_long_as_a_wrong_password(acme):
    member = make_member(acme)

    def seconds(email):
        best = 9.0
        for _ in range(3):
            start = time.perf_counter()
            refused(lambda: sessions.log_in(email=email, password="wrong"))
            best = min(best, time.perf_counter() - start)
        return best

    known, unknown = seconds(member.user.email), seconds("nobody@acme.example")

    assert 0.4 < unknown / known < 2.5


def test_members_of_several_tenants_choose_one(acme, globex):
    member = make_member(acme)
    Membership.objects.create(tenant=globex, user=member.user)

    with pytest.raises(Unauthorized) as error:
        logged_in(member)
    assert error.value.code == "tenant_required"
    assert {one["id"] for one in error.value.extra["tenants"]} == {str(acme.id), str(globex.id)}

    grant = sessions.verify_access(logged_in(member, tenant_id=str(globex.id)).access)
    assert grant.tenant_id == globex.id


@pytest.mark.parametrize("tenant_id", ["conv-1", "", "\x00", "0" * 36])
def test_a_tenant_one_is_not_in_is_refused_like_a_wrong_password(acme, globex, tenant_id):
    member = make_member(acme)

    for wrong in (tenant_id, str(globex.id)):
        assert (
            refused(lambda chosen=wrong: logged_in(member, tenant_id=chosen))
            == "invalid_credentials"
        )


def test_a_refreshed_token_has_one_child_however_many_tabs_ask(acme):
    pair = logged_in(make_member(acme))

    def go(_):
        try:
            return sessions.refresh(pair.refresh).refresh
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        children = set(threads.map(go, range(12)))

    assert len(children) == 1
    assert children != {pair.refresh}
    assert row_of(pair).generation == 1


def test_a_refresh_token_used_late_ends_the_family(acme):
    pair = logged_in(make_member(acme))
    child = sessions.refresh(pair.refresh)
    LoginSession.objects.filter(pk=row_of(pair).pk).update(
        rotated_at=datetime.now(UTC) - timedelta(seconds=11)
    )

    assert refused(sessions.refresh, pair.refresh) == "invalid_credentials"
    assert refused(sessions.refresh, child.refresh) == "invalid_credentials"
    assert refused(sessions.verify_access, child.access) == "invalid_credentials"


def test_a_grandparents_token_ends_the_family_at_once(acme):
    first = logged_in(make_member(acme))
    second = sessions.refresh(first.refresh)
    third = sessions.refresh(second.refresh)

    refused(sessions.refresh, first.refresh)

    refused(sessions.refresh, third.refresh)


@pytest.mark.parametrize(
    "changes",
    [
        {"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_ended_session_is_worth_nothing(acme, changes):
    pair = logged_in(make_member(acme))
    LoginSession.objects.filter(pk=row_of(pair).pk).update(**changes)

    refused(sessions.verify_access, pair.access)
    refused(sessions.refresh, pair.refresh)


def test_log_out_ends_access_and_refresh(acme):
    pair = logged_in(make_member(acme))

    sessions.log_out(pair.refresh)

    refused(sessions.verify_access, pair.access)
    refused(sessions.refresh, pair.refresh)


def test_no_token_passes_for_another_kind(acme):
    pair = logged_in(make_member(acme))

    refused(sessions.verify_access, pair.refresh)
    refused(sessions.refresh, pair.access)


def test_a_changed_role_ends_what_the_old_one_had(acme):
    member = make_member(acme, role="admin")
    pair = logged_in(member)
    grant = sessions.verify_access(pair.access)
    assert access.invalid({grant}) == set()

    Membership.objects.filter(pk=member.pk).update(role="agent")

    refused(sessions.verify_access, pair.access)
    assert access.invalid({grant}) == {grant}


@pytest.mark.parametrize("what", ["membership", "user", "tenant", "session"])
def test_whoever_is_shut_out_is_found_among_the_open_sockets(acme, globex, what):
    member, other = make_member(acme), make_member(globex)
    grant = sessions.verify_access(logged_in(member).access)
    others = sessions.verify_access(logged_in(other).access)

    if what == "session":
        sessions.end_sessions(membership=member)
    elif what == "tenant":
        acme.suspended_at = datetime.now(UTC)
        acme.save()
    else:
        row = member if what == "membership" else member.user
        row.is_active = False
        row.save()

    assert access.invalid({grant, others}) == {grant}


def test_a_suspended_tenants_members_are_told_so(acme):
    pair = logged_in(make_member(acme))
    acme.suspended_at = datetime.now(UTC)
    acme.save()

    with pytest.raises(Forbidden):
        sessions.verify_access(pair.access)


def test_logging_in_over_http(acme):
    member = make_member(acme)
    client = Client()

    def post(path, **body):
        return client.post(f"/api/auth/{path}", body, content_type="application/json")

    answer = post("token", email=member.user.email, password=PASSWORD)
    assert set(answer.json()) == {"access", "refresh"}
    again = post("refresh", refresh=answer.json()["refresh"])
    assert again.status_code == 200
    assert post("logout", refresh=again.json()["refresh"]).status_code == 204
    ended = post("refresh", refresh=again.json()["refresh"])
    assert (ended.status_code, ended.json()["code"]) == (401, "invalid_credentials")


def test_the_sixth_log_in_within_five_minutes_waits(acme):
    email = make_member(acme).user.email

    answers = [
        Client().post(
            "/api/auth/token",
            {"email": email, "password": "wrong"},
            content_type="application/json",
        )
        for _ in range(6)
    ]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
