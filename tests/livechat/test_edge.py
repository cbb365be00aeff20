import asyncio
import gc
import logging
import re
import weakref
from uuid import uuid4

import pytest

from livechat import edge
from livechat.edge import MAX_BODY_BYTES, Edge
from tenants import context, sharers
from tenants.drain import draining
from tests.livechat.asgi_client import Answer, Client

MIB = 1024 * 1024
JSON = {"content-type": "application/json"}


class App:
    """Reads the whole request, as Django does, and tells what it got."""

    def __init__(self):
        self.called = False
        self.scope = self.exchange = None
        self.request_id = self.asker = ""
        self.status = 200
        self.headers = []

    async def __call__(self, scope, receive, send):
        self.called, self.scope, self.request_id = True, scope, context.request_id.get()
        self.asker = context.asker.get()
        if exchange := scope.get("livechat.exchange"):
            self.exchange = weakref.ref(exchange)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            more = message["more_body"]
        if scope["path"] == "/crash":
            raise RuntimeError("crashed on purpose")
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"%d" % size})


class Stalling(Client):
    """Begins a body that it does not go on with, and counts how often it is asked to."""

    asked = 0

    async def _exchange(self, scope, chunks, hang_up_after):
        sent = []

        async def receive():
            self.asked += 1
            if self.asked > 1:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": chunks[0], "more_body": True}

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        body = b"".join(message["body"] for message in sent[1:] if "body" in message)
        answer = Answer(sent[0]["status"], sent[0]["headers"], body)
        answer.is_complete = not sent[-1].get("more_body", False)
        return answer


@pytest.fixture
def app():
    return App()


@pytest.fixture
def client(app):
    return Client(Edge(app))


async def test_a_body_of_exactly_the_limit_passes(client):
    answer = await client.request("POST", "/api/x", headers=JSON, chunks=[b"x" * MIB] * 11)

    assert (answer.status, answer.content) == (200, b"%d" % MAX_BODY_BYTES)


@pytest.mark.parametrize("length", [str(MAX_BODY_BYTES + 1), "9" * 40, "-1", "1_000", ""])
async def test_a_body_announced_too_large_is_refused_before_it_is_read(client, app, length):
    headers = {**JSON, "content-length": length}

    answer = await client.request("POST", "/api/x", headers=headers, chunks=[b"x"])

    assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"
    assert not app.called


async def test_a_body_that_grows_too_large_is_refused(client, app, caplog):
    chunks = [b"x" * MIB] * 11 + [b"x"] + [b"x" * MIB] * 5

    answer = await client.request("POST", "/api/x", headers=JSON, chunks=chunks)

    assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
    assert app.called
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_the_rest_of_a_body_that_came_too_slowly_is_waited_for_without_haste(
    app, monkeypatch
):
    monkeypatch.setattr(edge, "BODY_SECONDS", 0.02)
    monkeypatch.setattr(edge, "LINGER_SECONDS", 0.1)
    client = Stalling(Edge(app))

    answer = await client.post("/api/x", b"x")

    assert (answer.status, answer.json()["code"]) == (408, "request_timeout")
    assert answer.is_complete
    # Once for the beginning, once for what is late, and once for what is left.
    assert client.asked == 3


async def test_who_is_cut_short_by_the_drain_amid_a_body_gets_a_whole_answer(app, monkeypatch):
    monkeypatch.setattr(edge, "LINGER_SECONDS", 0.05)
    client = Stalling(Edge(app))
    asking = asyncio.create_task(client.post("/api/x", b"x"))
    while client.asked < 2:  # noqa: ASYNC110 -- but a moment
        await asyncio.sleep(0)

    draining.set()
    try:
        asking.cancel()
        answer = await asking
    finally:
        draining.clear()

    assert (answer.status, answer.json()["code"]) == (503, "unavailable")
    assert answer.is_complete
    assert asking.cancelling() == 0


async def test_a_request_has_the_share_of_whose_credential_it_brings(client, app):
    known, tenant_id = {"Authorization": "Bearer known"}, uuid4()

    await client.get("/x", headers=known)
    assert app.asker == client.ip
    sharers.remember("known", tenant_id)
    await client.get("/x", headers=known)
    assert app.asker == str(tenant_id)


async def test_nothing_of_a_request_waits_for_the_garbage_collector(client, app):
    gc.disable()
    try:
        await client.get("/x")
        assert app.exchange() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("charset", ["bogus", "zlib_codec", "utf-16", "latin-1", "\xff"])
async def test_a_charset_other_than_utf8_is_refused(client, app, charset):
    headers = {"content-type": f"application/json; charset={charset}"}

    answer = await client.post("/api/x", b"{}", headers=headers)

    assert (answer.status, answer.json()["code"]) == (415, "unsupported_media_type")
    assert not app.called


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/api/\0", 404, "not_found"), ("/api/x?q=\xff", 400, "invalid_address")],
)
async def test_an_address_that_nothing_can_have_is_refused(client, app, path, status, code):
    answer = await client.get(path)

    assert (answer.status, answer.json()["code"]) == (status, code)
    assert not app.called


async def test_an_error_nobody_caught_is_logged_and_tells_nothing(client, caplog):
    answer = await client.get("/crash")

    body = answer.json()
    assert answer.status == 500
    assert body == {
        "success": False,
        "error": "Something went wrong on our side.",
        "code": "internal",
        "requestId": answer.headers["x-request-id"],
    }
    assert "crashed on purpose" in caplog.text


@pytest.mark.parametrize("given", ["request-0001", "a" * 64, "A.b_c-12"])
async def test_a_sane_request_id_is_kept(client, app, given):
    answer = await client.get("/x", headers={"X-Request-ID": given})

    assert answer.headers["x-request-id"] == app.request_id == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "12345678\n", "12345678 x", "<script>x"])
async def test_any_other_request_id_is_replaced(client, app, given):
    answer = await client.get("/x", headers={"X-Request-ID": given})

    assert re.fullmatch(r"[0-9a-f]{20}", answer.headers["x-request-id"])
    assert app.request_id == answer.headers["x-request-id"]


async def test_every_answer_carries_the_security_headers(client):
    answers = {path: await client.get(path) for path in ("/", "/api/x", "/api/docs", "/admin/x")}
    answers["refused"] = await client.get("/api/\0")

    for answer in answers.values():
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "private, no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers
    policies = {path: answer.headers["content-security-policy"] for path, answer in answers.items()}
    assert policies["/api/x"].startswith("default-src 'none'")
    assert "script-src 'self';" in policies["/"]
    assert "script-src 'self';" in policies["/api/docs"]
    assert "script-src 'self' 'unsafe-eval';" in policies["/admin/x"]


async def test_a_view_may_set_its_own_headers(client, app):
    app.headers = [(b"Cache-Control", b"max-age=60"), (b"Content-Security-Policy", b"sandbox")]

    answer = await client.get("/")

    names = [name.lower() for name, _ in answer.raw_headers]
    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert len(names) == len(set(names))


@pytest.fixture
def behind_proxy(settings):
    settings.REQUIRE_HTTPS = True
    settings.TRUSTED_PROXY_COUNT = 1
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.mark.parametrize("forwarded", ["https", "http, https", "HTTPS"])
async def test_https_as_the_trusted_proxy_saw_it_is_served_with_hsts(
    client, app, behind_proxy, forwarded
):
    answer = await client.get("/", headers={"X-Forwarded-Proto": forwarded})

    assert answer.status == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert app.scope["scheme"] == "https"


@pytest.mark.parametrize("forwarded", ["http", "https, http", "", "nonsense"])
async def test_a_plain_page_is_redirected(client, app, behind_proxy, forwarded):
    answer = await client.get("/a%20b?c=d", headers={"X-Forwarded-Proto": forwarded})

    assert answer.status == 301
    assert answer.headers["location"] == "https://testserver/a%20b?c=d"
    assert "strict-transport-security" not in answer.headers
    assert not app.called


@pytest.mark.parametrize(
    ("method", "headers"),
    [("POST", {}), ("DELETE", {}), ("GET", {"host": "evil.example"}), ("GET", {"host": "[x"})],
)
async def test_a_plain_request_that_cannot_be_redirected_is_refused(
    client, app, behind_proxy, method, headers
):
    answer = await client.request(method, "/api/x", headers=headers)

    assert (answer.status, answer.json()["code"]) == (403, "https_required")
    assert "location" not in answer.headers
    assert not app.called


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_may_come_without_https(client, behind_proxy, path):
    assert (await client.get(path)).status == 200


async def test_forwarded_https_counts_only_from_a_trusted_proxy(client, app):
    await client.get("/", headers={"X-Forwarded-Proto": "https"})

    assert app.scope["scheme"] == "http"


@pytest.mark.parametrize(("forwarded", "is_served"), [("https", True), ("http", False)])
async def test_a_plain_socket_is_refused(app, behind_proxy, forwarded, is_served):
    sent = []
    headers = [(b"x-forwarded-proto", forwarded.encode())]
    scope = {"type": "websocket", "scheme": "ws", "path": "/", "headers": headers}

    async def send(message):
        sent.append(message["type"])

    await Edge(app)(scope, None, send)

    assert sent == ["websocket.accept" if is_served else "websocket.close"]
    assert app.called == is_served


async def test_each_request_is_logged_without_its_secrets(client, caplog, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    caplog.set_level(logging.INFO, "livechat.access")
    headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "Authorization": "Bearer wt_secretsecret"}

    await client.get("/api/x?token=wt_secretsecret&api_key=abc&page=2", headers=headers)

    (record,) = caplog.records
    assert re.fullmatch(
        r"GET /api/x\?token=\[redacted\]&api_key=\[redacted\]&page=2 200 [\d.]+ ms",
        record.getMessage(),
    )
    assert (record.status, record.ip) == (200, "203.0.113.9")
    assert "secretsecret" not in str(vars(record))


async def test_probes_are_not_logged(client, caplog):
    caplog.set_level(logging.INFO, "livechat.access")

    await client.get("/healthz")

    assert not caplog.records


asked_origins = []


async def may_read(path, origin):
    asked_origins.append((path, origin))
    if origin == "https://broken.example":
        raise RuntimeError("the rules are away")
    return origin == "https://good.example"


@pytest.fixture
def cors(settings):
    asked_origins.clear()
    settings.CORS_ORIGIN_CHECK = "tests.livechat.test_edge.may_read"


PREFLIGHT = {"Access-Control-Request-Method": "POST"}


async def test_a_page_that_may_read_is_told_so_on_every_answer(client, app, cors):
    headers = {"Origin": "https://good.example"}
    served = await client.get("/api/x", headers=headers)
    refused = await client.post("/api/x", b"x" * (11 * MIB + 1), headers=headers)

    for answer in (served, refused):
        assert answer.headers["access-control-allow-origin"] == "https://good.example"
        assert answer.headers["access-control-expose-headers"] == "etag, retry-after, x-request-id"
        assert answer.headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in answer.headers
    assert (served.status, refused.status) == (200, 413)
    assert asked_origins[0] == ("/api/x", "https://good.example")


async def test_a_preflight_is_answered_here(client, app, cors):
    headers = {"Origin": "https://good.example", **PREFLIGHT}

    answer = await client.request("OPTIONS", "/api/x", headers=headers)

    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://good.example"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "idempotency-key" in answer.headers["access-control-allow-headers"]
    assert not app.called


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://broken.example"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_any_other_page_is_told_nothing(client, cors, origin, method):
    headers = {"Origin": origin, **(PREFLIGHT if method == "OPTIONS" else {})}

    answer = await client.request(method, "/api/x", headers=headers)

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize(
    ("path", "headers"), [("/x", {"Origin": "https://x.example"}), ("/api/x", {})]
)
async def test_nobody_is_asked_about_requests_that_need_no_leave(client, cors, path, headers):
    await client.get(path, headers=headers)

    assert asked_origins == []
