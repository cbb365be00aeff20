"""Logging in on our own pages: the refresh token is in a cookie that no script reads."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tenants import sessions
from tenants.models import LoginSession, Membership
from tests.factories import PASSWORD, make_member

OURS = {"Origin": "http://testserver"}


def post(browser, path="", body=None, **headers):
    return browser.post(
        f"/api/auth/browser{path}",
        body or {},
        content_type="application/json",
        headers={**OURS, **headers},
    )


def test_a_page_of_ours_logs_in_goes_on_and_logs_out(acme):
    member, browser = make_member(acme), Client()

    opened = post(browser, body={"email": member.user.email, "password": PASSWORD})
    cookie = browser.cookies["refresh"]
    again = post(browser, "/refresh")
    stored = cookie.value
    assert [opened.status_code, again.status_code] == [200, 200]
    for answer in (opened, again):
        assert set(answer.json()) == {"access", "expiresIn"}
        assert 0 < answer.json()["expiresIn"] <= 900
        assert "no-store" in answer.headers["Cache-Control"]
        assert sessions.verify_access(answer.json()["access"]).membership_id == member.id
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == (
        "/api/auth/browser",
        "Strict",
        True,
    )
    assert cookie["max-age"] == 86400

    out = post(browser, "/logout")
    assert (out.status_code, browser.cookies["refresh"].value) == (204, "")
    assert post(browser, "/logout").status_code == 204
    browser.cookies["refresh"] = stored
    assert post(browser, "/refresh").json()["code"] == "invalid_credentials"
    assert post(browser, "/logout").status_code == 204
    assert post(Client(), "/refresh").status_code == 401

    # Whoever comes next in this browser ends what was left of the one before.
    for _ in range(2):
        assert post(browser, body={"email": member.user.email, "password": PASSWORD})
    live = LoginSession.objects.filter(membership=member, revoked_at=None)
    assert live.count() == 1


def test_nobody_elses_page_is_answered_and_refusals_are_those_of_any_log_in(acme, globex):
    member = make_member(acme)
    Membership.objects.create(tenant=globex, user=member.user)
    browser, said = Client(), {"email": member.user.email, "password": PASSWORD}
    assert post(browser, body={**said, "tenantId": str(globex.id)}).status_code == 200
    before = LoginSession.objects.get(membership__user=member.user)

    for origin in ("https://evil.example", "null", ""):
        for path in ("", "/refresh", "/logout"):
            answer = post(browser, path, said, Origin=origin)
            assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
    choice = post(Client(), body=said).json()
    assert (choice["code"], len(choice["tenants"])) == ("tenant_required", 2)
    wrong = post(Client(), body={**said, "password": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    assert not wrong.cookies

    after = LoginSession.objects.get(membership__user=member.user)
    assert (after.generation, after.revoked_at) == (before.generation, None)
    LoginSession.objects.update(rotated_at=timezone.now() - timedelta(minutes=1))
    taken = browser.cookies["refresh"].value
    assert post(browser, "/refresh").status_code == 200
    LoginSession.objects.update(rotated_at=timezone.now() - timedelta(minutes=1))
    browser.cookies["refresh"] = taken
    # Two hold it: the whole log-in ends.
    assert post(browser, "/refresh").status_code == 401
    assert LoginSession.objects.get(pk=after.pk).revoked_at
