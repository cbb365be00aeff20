"""Nobody learns from a log-in which accounts there are, be it by its words or by its work."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connections
from django.test import Client

from tenants.models import User
from tests.factories import PASSWORD, make_member, make_tenant


@pytest.fixture
def hashed(monkeypatch):
    """Each time that a password was hashed, which is nearly all the work of a log-in."""
    times, encode = [], Argon2PasswordHasher.encode
    verify = Argon2PasswordHasher.verify

    def counted_encode(hasher, *args):
        times.append("encode")
        return encode(hasher, *args)

    def counted_verify(hasher, *args):
        times.append("verify")
        return verify(hasher, *args)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted_verify)
    return times


PROVED = ("a member", "a dismissed member", "a person without a tenant")


def api_log_in(email, password, ip="192.0.2.1"):
    body = {"email": email, "password": password}
    client = Client(REMOTE_ADDR=ip)
    return client.post("/api/auth/token", body, content_type="application/json")


def admin_log_in(email, password, ip="192.0.2.1"):
    client = Client(REMOTE_ADDR=ip)
    return client.post("/admin/login/", {"username": email, "password": password})


def who_cannot_come_in(tenant):
    """E-mail and password of each kind of person who is to be told the same."""
    inactive, dismissed = make_member(tenant), make_member(tenant)
    User.objects.filter(pk=inactive.user_id).update(is_active=False)
    type(dismissed).objects.filter(pk=dismissed.pk).update(is_active=False)
    nowhere = User.objects.create_user(f"{uuid.uuid4().hex}@x.example", PASSWORD)
    suspended = make_member(make_tenant("Gone", suspended_at=datetime.now(UTC)))
    unusable = make_member(tenant)
    unusable.user.set_unusable_password()
    unusable.user.save()
    return {
        "nobody": (f"{uuid.uuid4().hex}@x.example", PASSWORD),
        "no address": ("\u202enobody", PASSWORD),
        "a wrong password": (make_member(tenant).user.email, "wrong"),
        "an empty one": (make_member(tenant).user.email, " "),
        "a deactivated person": (inactive.user.email, PASSWORD),
        "a dismissed member": (dismissed.user.email, PASSWORD),
        "a person without a tenant": (nowhere.email, PASSWORD),
        "a person without a password": (unusable.user.email, PASSWORD),
        "a suspended tenant's, wrong": (suspended.user.email, "wrong"),
    }


def test_the_api_says_the_same_and_does_the_same_work_for_all(acme, hashed):
    told, work = {}, {}
    for who, (email, password) in who_cannot_come_in(acme).items():
        hashed.clear()
        answer = api_log_in(email, password)
        told[who] = (answer.status_code, {**answer.json(), "requestId": ""}, dict(answer.headers))
        work[who] = len(hashed)

    assert set(work.values()) == {1}, work
    assert all(one == told["nobody"] for one in told.values()), told
    assert told["nobody"][0] == 401


def test_the_admin_says_the_same_to_all_who_prove_nothing_and_does_the_same_work(acme, hashed):
    told, work = {}, {}
    people = who_cannot_come_in(acme) | {"a member": (make_member(acme).user.email, PASSWORD)}
    for who, (email, password) in people.items():
        hashed.clear()
        answer = admin_log_in(email, password)
        told[who] = (answer.status_code, str(answer.context["form"].errors))
        work[who] = len(hashed)

    assert set(work.values()) == {1}, work
    # Who knows a password hears why it does not help; of nobody else is more said than of nobody.
    proved = {who: told.pop(who) for who in PROVED}
    assert all(one == told["nobody"] for one in told.values()), told
    assert all("Only operators" in text for _, text in proved.values())


def test_an_unknown_account_is_limited_as_a_known_one_is(acme):
    known, unknown = make_member(acme).user.email, f"{uuid.uuid4().hex}@x.example"

    answers = {email: [api_log_in(email, "wrong") for _ in range(6)] for email in (known, unknown)}

    for tries in answers.values():
        assert [answer.status_code for answer in tries] == [401] * 5 + [429]
    assert answers[known][5].json()["error"] == answers[unknown][5].json()["error"]


def test_of_forty_guesses_at_once_five_are_looked_at(acme, hashed):
    email = make_member(acme).user.email
    hashed.clear()

    def guess(number):
        try:
            return api_log_in(email, f"guess {number}", ip="192.0.2.77").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        codes = list(threads.map(guess, range(40)))

    assert (codes.count(401), codes.count(429)) == (5, 35)
    assert len(hashed) == 5


def test_a_tenant_that_one_is_not_in_costs_the_same(acme, globex, hashed):
    member = make_member(acme)
    hashed.clear()
    body = {"email": member.user.email, "password": PASSWORD, "tenantId": str(globex.id)}

    answer = Client().post("/api/auth/token", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert len(hashed) == 1
