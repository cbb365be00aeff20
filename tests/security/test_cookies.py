"""Cookies are for the admin and people's own pages alone.

Each of them, and what another site's page can do with them.
"""

import pytest

from tenants.models import Tenant
from tests.factories import PASSWORD, make_member
from tests.security import routes

OURS = "https://chat.example.com"
SESSION, CSRF = "__Host-session", "__Host-csrf"
FOREIGN = [
    "https://evil.example",
    "https://chat.example.com.evil.example",
    "https://evilchat.example.com",
    "https://other.example.com",
    "http://chat.example.com",
    "https://chat.example.com:8443",
    "https://chat.example.com@evil.example",
    "https://chat.example.com, https://evil.example",
    "null",
]


def form_token(page):
    return page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


@pytest.fixture(scope="module")
def browser(house):
    """An operator's browser that is logged in, with all cookies that it was ever given."""
    with house.client() as client:
        said = {"username": house.operator.email, "password": PASSWORD}
        page = client.get("/admin/login/")
        token = {"csrfmiddlewaretoken": form_token(page)}
        answer = client.post("/admin/login/", data={**said, **token}, headers={"Origin": OURS})
        assert answer.status_code == 302, answer.text
        yield client


def send(browser, path, data=(), *, token=True, **headers):
    """A form of the admin, as a browser sends it; ``token`` is the form's own."""
    hidden = {}
    if token is True:
        hidden = {"csrfmiddlewaretoken": form_token(browser.get("/admin/switch/"))}
    elif token:
        hidden = {"csrfmiddlewaretoken": token}
    return browser.post(f"/admin/{path}", data={**dict(data), **hidden}, headers=headers)


def test_every_cookie_is_tied_to_this_host_and_kept_from_scripts(browser, house):
    send(browser, f"tenants/tenant/{house.tenant.id}/resume/", Origin=OURS)
    browser.get(f"/admin/tenants/tenant/{house.tenant.id}/change/")

    given = {cookie.key: cookie for cookie in browser.jar.given}

    assert given.keys() == {SESSION, CSRF}
    for cookie in browser.jar.given:
        assert cookie["secure"] is True
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"
        assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert int(given[SESSION]["max-age"]) <= 12 * 3600


def test_the_cookie_of_our_pages_log_in_goes_nowhere_else(house):
    # Not the owner: a first log-in there hashes the password anew, which ends earlier sessions.
    said = {"email": make_member(house.tenant).user.email, "password": PASSWORD}
    with house.client(Origin=OURS) as client:
        paths = ("", "/refresh", "/logout")
        answers = [client.post(f"/api/auth/browser{path}", json=said) for path in paths]
        given = client.jar.given
    with house.client() as client:
        for origin in FOREIGN:
            answer = client.post("/api/auth/browser", json=said, headers={"Origin": origin})
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)

    assert [answer.status_code for answer in answers] == [200, 200, 204]
    assert [cookie.key for cookie in given] == ["__Secure-refresh"] * 3
    for cookie in given:
        assert cookie["secure"] is True
        assert cookie["samesite"] == "Strict"
        assert (cookie["path"], cookie["domain"]) == ("/api/auth/browser", "")
    assert all(cookie["httponly"] for cookie in given[:2])
    assert given[2].value == ""


def test_nothing_outside_of_the_pages_of_people_sets_a_cookie(house):
    with house.client() as client:
        for name in routes.routes():
            method, _, template = name.partition(" ")
            if method == "GET" and not template.startswith(("admin/", "account/")):
                headers = routes.credentials_for(template, house)
                answer = client.get(routes.path_of(template, house), headers=headers)
                assert "set-cookie" not in answer.headers, name


def test_a_new_log_in_is_a_new_session(house):
    """A session that somebody else has planted is not the one that is logged in."""
    said = {"username": house.operator.email, "password": PASSWORD}
    planted = "a" * 32
    with house.client() as client:
        client.jar[SESSION] = planted
        token = {"csrfmiddlewaretoken": form_token(client.get("/admin/login/"))}
        client.post("/admin/login/", data={**said, **token}, headers={"Origin": OURS})
        before = client.jar[SESSION]
        token = {"csrfmiddlewaretoken": form_token(client.get("/admin/switch/"))}
        out = client.post("/admin/logout/", data=token, headers={"Origin": OURS})
    with house.client() as client:
        client.jar[SESSION] = before
        after = client.get("/admin/")

    assert before != planted
    assert out.status_code < 400
    assert after.status_code == 302


def test_a_form_of_ours_is_taken(browser, house):
    answer = send(browser, f"tenants/tenant/{house.tenant.id}/suspend/", Origin=OURS)
    suspended = Tenant.objects.get(pk=house.tenant.id).is_suspended
    send(browser, f"tenants/tenant/{house.tenant.id}/resume/", Origin=OURS)

    assert (answer.status_code, suspended) == (302, True)
    assert not Tenant.objects.get(pk=house.tenant.id).is_suspended


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_form_on_another_page_is_refused_whatever_token_it_brings(browser, house, origin):
    answer = send(browser, f"tenants/tenant/{house.tenant.id}/suspend/", Origin=origin)

    assert answer.status_code == 403
    assert not Tenant.objects.get(pk=house.tenant.id).is_suspended


@pytest.mark.parametrize("headers", [{}, {"Referer": "https://evil.example/"}, {"Referer": "x"}])
def test_a_form_that_comes_from_nowhere_is_refused(browser, house, headers):
    answer = send(browser, f"tenants/tenant/{house.tenant.id}/suspend/", **headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("token", [None, "a" * 64, "nonsense"])
def test_a_form_without_its_token_is_refused(browser, house, token):
    path = f"tenants/tenant/{house.tenant.id}/suspend/"

    assert send(browser, path, token=token, Origin=OURS).status_code == 403
    assert not Tenant.objects.get(pk=house.tenant.id).is_suspended


def test_nobody_is_logged_in_or_out_by_another_page(browser, house):
    said = {"username": house.operator.email, "password": PASSWORD}
    with house.client() as victim:
        victim.get("/admin/login/")
        logged_in = victim.post("/admin/login/", data=said, headers={"Origin": FOREIGN[0]})
        assert SESSION not in victim.jar
    out = send(browser, "logout/", Origin=FOREIGN[0])

    assert (logged_in.status_code, out.status_code) == (403, 403)
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "https:evil.example",
        "http://chat.example.com/",
        "javascript:alert(1)",
        "https://chat.example.com@evil.example/",
        "\x08https://evil.example/",
        " https://evil.example",
    ],
)
def test_a_log_in_leads_on_to_pages_of_ours_only(browser, elsewhere):
    answer = browser.get("/admin/login/", params={"next": elsewhere})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_the_admin_is_no_way_into_the_api(browser, house):
    """Its cookies open nothing there, on any route."""
    opened = []
    with house.client() as client:
        client.jar.update(browser.jar)
        for name in routes.routes():
            method, _, template = name.partition(" ")
            is_public = template in ("api/schema", "api/docs") or template.endswith("config")
            if template.startswith("api/") and method == "GET" and not is_public:
                answer = client.get(routes.path_of(template, house))
                if answer.status_code not in (401, 404):
                    opened.append(name)

    assert opened == []
