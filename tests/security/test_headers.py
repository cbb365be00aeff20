"""What every answer carries, route by route, as ``headers.json`` has it.

A route that is not in that file fails. ``WRITE_SNAPSHOT=1`` writes it anew, to be read before it is
committed.
"""

import json
import os
import socket
from pathlib import Path

import pytest

from tests.isolation.rows import fingerprint
from tests.security import routes

pytestmark = pytest.mark.usefixtures("neighbours_lose_nothing")

SNAPSHOT = Path(__file__).with_name("headers.json")
NEVER = ("server", "x-powered-by", "via", "access-control-allow-credentials")
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "cache-control": "private, no-store",
}
BASE = "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
API = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'self'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ADMIN = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval'; " + BASE
)
DOCS = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; " + BASE
)
CHAT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: http: data: blob:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors *"
)
INBOX = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "connect-src 'self'; img-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
POLICY = "content-security-policy"
NEVER_KEPT = "max-age=0, no-cache, no-store, must-revalidate, private"
SHARED = {"cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*"}
PROFILES = {
    "api": SECURITY | {POLICY: API},
    "api, just asked for": SECURITY | {POLICY: API, "cache-control": "no-store"},
    "public config": SECURITY | {POLICY: API, "cache-control": "no-cache"},
    "file": SECURITY | {POLICY: "sandbox; default-src 'none'"},
    "page": SECURITY | {POLICY: PAGE},
    "page, never kept": SECURITY | {POLICY: PAGE, "cache-control": NEVER_KEPT},
    "inbox": SECURITY | {POLICY: INBOX},
    # Its policy says who may frame it; the older header could only forbid it to all.
    "chat page": {name: value for name, value in SECURITY.items() if name != "x-frame-options"}
    | {POLICY: CHAT},
    "picture": SECURITY | {POLICY: PAGE, "cache-control": "public, max-age=300"},
    "docs": SECURITY | {POLICY: DOCS},
    "admin": SECURITY | {POLICY: ADMIN, "cache-control": NEVER_KEPT},
    "admin, refused": SECURITY | {POLICY: ADMIN},
    "script": SECURITY
    | SHARED
    | {POLICY: PAGE, "cache-control": "public, max-age=300, stale-while-revalidate=86400"},
    "static": SECURITY | SHARED | {POLICY: PAGE, "cache-control": "max-age=60, public"},
}
NAMES = {*SECURITY, *SHARED, POLICY}


def profile(response):
    """The name of the set of headers that a response carries; all of it where it has none."""
    found = {name: value for name, value in response.headers.items() if name in NAMES}
    assert not set(NEVER) & set(response.headers), response.headers
    assert len(response.headers.get_list("content-security-policy")) == 1
    return next((name for name, headers in PROFILES.items() if headers == found), found)


@pytest.fixture(scope="module")
def answers(house, neighbours):
    """What nobody, and then somebody who may, is answered at each route."""
    found, before = {}, fingerprint(neighbours.tenant.id)
    with house.client() as client:
        for name in routes.routes():
            method, _, template = name.partition(" ")
            path, options = routes.path_of(template, house), {}
            if method == "DELETE":
                path = path.replace(str(house.integration.id), str(house.spare.id))
            if method not in ("GET", "DELETE"):
                options = routes.content_for(template)
            found[name] = [client.request(method, path, **options)]
            if headers := routes.credentials_for(template, house):
                found[name].append(client.request(method, path, headers=headers, **options))
    assert fingerprint(neighbours.tenant.id) == before
    return found


def test_every_route_carries_its_headers(answers):
    seen = {
        name: " | ".join(sorted({str(profile(response)) for response in responses}))
        for name, responses in answers.items()
    }
    if "WRITE_SNAPSHOT" in os.environ:
        SNAPSHOT.write_text(json.dumps(seen, indent=1, sort_keys=True) + "\n")

    assert seen == json.loads(SNAPSHOT.read_text())
    assert {name for names in seen.values() for name in names.split(" | ")} <= set(PROFILES)


def test_the_routes_were_really_served(answers):
    """A table of refusals would prove little."""
    served = [name for name, all in answers.items() if all[-1].status_code < 300]

    assert not [name for name, all in answers.items() if all[-1].status_code >= 500]
    assert len(served) >= 35, served


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "expected"),
    [
        ("GET", "/nowhere", {}, 404, "page"),
        ("GET", "/api/nowhere", {}, 404, "api"),
        ("GET", "/api/me", {}, 401, "api"),
        ("DELETE", "/api/auth/token", {}, 405, "api"),
        ("DELETE", "/assets/chat-widget.js", {}, 403, "page"),
        ("POST", "/api/auth/token", {"content": b"x" * (11 * 2**20 + 1)}, 413, "api"),
        ("POST", "/api/auth/token", {"content": b"x"}, 415, "api"),
        ("GET", "/api/me?x=%ff", {}, 401, "api"),
        ("GET", "/api/%00", {}, 404, "api"),
        ("GET", "/static/dist/nothing.js", {}, 404, "page"),
        ("GET", "/static/../settings.py", {}, 404, "page"),
        ("GET", "/", {"headers": {"Host": "evil.example"}}, 400, "page"),
        ("GET", "/api/me", {"headers": {"Host": "evil.example"}}, 400, "api"),
        ("GET", "/static/dist/chat-widget.js", {"headers": {"Range": "bytes=0-9"}}, 206, "static"),
        ("GET", "/admin/", {}, 302, "admin"),
    ],
)
def test_refusals_carry_them_too(house, method, path, options, status, expected):
    with house.client() as client:
        response = client.request(method, path, **options)

    assert (response.status_code, profile(response)) == (status, expected)


def test_a_preflight_and_an_answer_without_a_body_carry_them_too(house):
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    with house.client() as client:
        preflight = client.options("/api/me", headers=asked)
        known = client.get(f"{house.widget}/config").headers["ETag"]
        unchanged = client.get(f"{house.widget}/config", headers={"If-None-Match": known})

    assert (preflight.status_code, profile(preflight)) == (204, "api")
    assert (unchanged.status_code, profile(unchanged)) == (304, "public config")


def test_over_plain_http_nothing_is_promised_but_the_way_to_https(house):
    with house.client(X_Forwarded_Proto="http") as client:
        led, refused = client.get("/admin/?x=1"), client.post("/api/auth/token", json={})

    assert (led.status_code, led.headers["Location"]) == (
        301,
        "https://chat.example.com/admin/?x=1",
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "https_required")
    for response, policy in ((led, ADMIN), (refused, API)):
        assert "strict-transport-security" not in response.headers
        assert response.headers[POLICY] == policy
        assert "set-cookie" not in response.headers


def test_what_never_reaches_the_application_names_no_server(house):
    """The server's own refusals: of a handshake, and of what is no HTTP."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    with house.client(**upgrade) as client:
        refused = client.get("/api/ws/tenant")
    host, _, port = house.production.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"NONSENSE\r\n\r\n")
        answer = line.recv(1000).lower()

    assert refused.status_code >= 400
    assert "server" not in refused.headers
    assert answer.startswith(b"http/1.1 400")
    assert b"\nserver:" not in answer
