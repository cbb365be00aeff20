import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from tenants import access, sessions, tokens
from tenants.errors import Forbidden, TooManyRequests, Unauthorized
from tenants.models import AuditEntry, LoginSession, Membership
from tenants.scope import tenant_scope
from tests.factories import PASSWORD, make_member, make_tenant

NOBODY = f"nobody-{uuid.uuid4().hex}@acme.example"


def logged_in(member, **options):
    return sessions.log_in(email=member.user.email, password=PASSWORD, **options)


def row_of(pair):
    return LoginSession.objects.get(pk=tokens.read(pair.refresh, token_type=tokens.REFRESH)["sid"])


def actions(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def refused(act, *args):
    with pytest.raises(Unauthorized) as error:
        act(*args)
    return error.value.code


def test_a_member_logs_in_and_is_known(acme, globex):
    member = make_member(acme, role="admin")
    make_member(globex)

    grant = sessions.verify_access(logged_in(member).access)

    assert (grant.tenant_id, grant.membership_id, grant.role) == (acme.id, member.id, "admin")


@pytest.mark.parametrize(("email", "password"), [(NOBODY, PASSWORD), (None, "wrong"), (None, "")])
def test_a_wrong_log_in_does_not_tell_what_was_wrong(acme, email, password):
    member = make_member(acme)

    with pytest.raises(Unauthorized) as error:
        sessions.log_in(email=email or member.user.email, password=password)

    assert error.value.code == "invalid_credentials"


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
            return sessions.refresh(pair.refresh)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        children = set(threads.map(go, range(12)))

    assert len(children) == 1
    assert children.isdisjoint({pair, pair.refresh})
    assert row_of(pair).generation == 1


def test_a_tab_gets_the_child_that_another_is_just_being_given(acme):
    pair = logged_in(make_member(acme))

    def go():
        try:
            return sessions.refresh(pair.refresh)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            session = LoginSession.objects.select_for_update().get(pk=row_of(pair).pk)
            second = threads.submit(go)
            time.sleep(0.3)
            session.generation += 1
            session.rotated_at = datetime.now(UTC) - timedelta(seconds=3)
            session.save()
        first = sessions.refresh(pair.refresh)

        assert second.result() == first
    assert row_of(pair).rotated_at == session.rotated_at


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


@pytest.mark.parametrize("token", ["access", "refresh"])
def test_log_out_ends_access_and_refresh_of_this_session_alone(acme, token):
    member = make_member(acme)
    pair, elsewhere = logged_in(member), logged_in(member)

    sessions.log_out(getattr(pair, token))
    sessions.log_out(getattr(pair, token))

    refused(sessions.verify_access, pair.access)
    refused(sessions.refresh, pair.refresh)
    sessions.verify_access(elsewhere.access)
    assert actions(acme) == ["member.logged_in", "member.logged_in", "member.logged_out"]


def test_nobody_is_logged_out_by_nonsense():
    assert refused(sessions.log_out, "nonsense") == "invalid_credentials"


def test_no_token_passes_for_another_kind(acme):
    pair = logged_in(make_member(acme))

    refused(sessions.verify_access, pair.refresh)
    refused(sessions.refresh, pair.access)


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


def change_password(member):
    member.user.set_password("another horse battery staple")
    member.user.save()


def change_role(member):
    Membership.objects.filter(pk=member.pk).update(role="admin")


@pytest.mark.parametrize("change", [change_password, change_role])
def test_a_new_password_or_role_ends_all_sessions_whoever_sets_it(acme, globex, change):
    member, other = make_member(acme), make_member(globex)
    pair, others = logged_in(member), logged_in(other)
    grants = {sessions.verify_access(pair.access), sessions.verify_access(others.access)}

    change(member)

    assert refused(sessions.verify_access, pair.access) == "invalid_credentials"
    assert refused(sessions.refresh, pair.refresh) == "invalid_credentials"
    assert {grant.tenant_id for grant in access.invalid(grants)} == {acme.id}
    sessions.verify_access(others.access)


def test_ended_sessions_do_not_come_back(acme):
    member = make_member(acme)
    pair = logged_in(member)
    acme.suspended_at = datetime.now(UTC)
    acme.save()

    assert sessions.end_sessions(tenant=acme) == 1
    acme.suspended_at = None
    acme.save()

    assert refused(sessions.refresh, pair.refresh) == "invalid_credentials"


def test_a_users_sessions_end_in_all_tenants_and_nobody_elses(acme, globex):
    member, other = make_member(acme), make_member(acme)
    Membership.objects.create(tenant=globex, user=member.user)
    pairs = [logged_in(member, tenant_id=tenant.id) for tenant in (acme, globex)]
    others = logged_in(other)

    assert sessions.end_sessions(user=member.user) == 2

    for pair in pairs:
        refused(sessions.verify_access, pair.access)
    sessions.verify_access(others.access)
    with pytest.raises(ValueError, match="whose"):
        sessions.end_sessions()


def test_reuse_is_told_in_the_audit_log(acme):
    pair = logged_in(make_member(acme))
    sessions.refresh(sessions.refresh(pair.refresh).refresh)

    refused(sessions.refresh, pair.refresh)

    assert actions(acme) == ["member.logged_in", "member.token_reused"]


def test_a_suspended_tenant_is_no_choice(acme, globex):
    member = make_member(acme)
    Membership.objects.create(tenant=globex, user=member.user)
    globex.suspended_at = datetime.now(UTC)
    globex.save()

    assert sessions.verify_access(logged_in(member).access).tenant_id == acme.id
    with pytest.raises(Forbidden) as error:
        logged_in(member, tenant_id=globex.id)
    assert error.value.code == "tenant_suspended"


def test_a_suspended_tenants_tokens_are_not_renewed(acme):
    pair = logged_in(make_member(acme))
    acme.suspended_at = datetime.now(UTC)
    acme.save()

    with pytest.raises(Forbidden):
        sessions.refresh(pair.refresh)


def test_an_address_is_the_same_in_any_case(acme):
    member = make_member(acme)

    sessions.log_in(email=f"  {member.user.email.upper()} ", password=PASSWORD)


@pytest.mark.parametrize("email", ["", " ", "\0", "a\0@b", "\ud800", "x" * 10_000])
def test_what_is_no_address_is_nobody(email):
    assert refused(lambda: sessions.log_in(email=email, password=PASSWORD)) == "invalid_credentials"


def test_tokens_end_after_fifteen_minutes_a_day_of_rest_and_two_weeks(acme):
    pair = logged_in(make_member(acme))
    row = row_of(pair)

    def lifetime(text, token_type):
        claims = tokens.read(text, token_type=token_type)
        return claims["exp"] - claims["iat"]

    assert lifetime(pair.access, tokens.ACCESS) == 15 * 60
    assert lifetime(pair.refresh, tokens.REFRESH) == 24 * 3600
    assert row.expires_at - row.created_at - timedelta(days=14) < timedelta(seconds=1)

    last = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    LoginSession.objects.filter(pk=row.pk).update(expires_at=last)
    child = sessions.refresh(pair.refresh)
    assert tokens.read(child.access, token_type=tokens.ACCESS)["exp"] == last.timestamp()
    assert tokens.read(child.refresh, token_type=tokens.REFRESH)["exp"] == last.timestamp()


@pytest.mark.parametrize("token_type", [tokens.ACCESS, tokens.REFRESH])
def test_an_expired_token_is_worth_nothing(acme, token_type):
    pair = logged_in(make_member(acme))
    claims = tokens.read(pair.access, token_type=tokens.ACCESS)
    past = tokens.sign({**claims, "exp": int(time.time()) - 6}, token_type=token_type)

    act = sessions.verify_access if token_type == tokens.ACCESS else sessions.refresh
    assert refused(act, past) == "invalid_credentials"


def test_sessions_that_are_over_are_cleared_away_at_the_next_log_in(acme):
    member = make_member(acme)
    over = row_of(logged_in(member))
    LoginSession.objects.filter(pk=over.pk).update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    kept = row_of(logged_in(member))

    assert list(LoginSession.objects.filter(membership=member)) == [kept]


def test_a_session_remembers_where_it_was_opened(acme):
    row = row_of(logged_in(make_member(acme), ip="1.2.3.4", user_agent="x" * 999))

    assert (row.ip, row.user_agent) == ("1.2.3.4", "x" * 300)


def test_to_verify_is_one_query(acme):
    pair = logged_in(make_member(acme))

    with CaptureQueriesContext(connections["default"]) as queries:
        sessions.verify_access(pair.access)

    assert len(queries) == 1


def test_the_sixth_attempt_waits_even_with_the_right_password(acme, globex):
    member, other = make_member(acme), make_member(globex)
    for _ in range(5):
        refused(lambda: sessions.log_in(email=member.user.email, password="wrong", ip="1.2.3.4"))

    with pytest.raises(TooManyRequests):
        logged_in(member, ip="1.2.3.4")
    logged_in(member, ip="1.2.3.5")
    logged_in(other, ip="1.2.3.4")


def test_a_demo_tenants_members_are_not_limited():
    member = make_member(make_tenant("Demo", is_demo=True))

    for _ in range(7):
        logged_in(member)


def test_a_place_in_a_demo_tenant_frees_nobody_of_the_limit_elsewhere(acme):
    member = make_member(acme)
    Membership.objects.create(tenant=make_tenant("Demo", is_demo=True), user=member.user)
    for _ in range(5):
        refused(lambda: sessions.log_in(email=member.user.email, password="wrong", ip="1.2.3.4"))

    with pytest.raises(TooManyRequests):
        sessions.log_in(email=member.user.email, password="wrong", ip="1.2.3.4")
