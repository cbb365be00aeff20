import asyncio
import json
import threading

import pytest

from livechat import handlers
from livechat.edge import Edge
from livechat.handlers import Django, HotHandler, PlainHandler
from livechat.static_files import StaticFiles
from tests.livechat import hot_urls, plain_urls
from tests.livechat.asgi_client import Client


@pytest.fixture
def client(settings):
    """Both handlers behind the edge; the plain one without sessions, which need the database."""
    settings.ROOT_URLCONF = "tests.livechat.plain_urls"
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    hot, plain = HotHandler("tests.livechat.hot_urls"), PlainHandler()
    client = Client(Edge(StaticFiles(Django(hot=hot, other=plain))))
    client.plain = plain
    return client


async def test_a_hot_route_is_served_without_leaving_the_loops_thread(client):
    answer = await client.post("/api/hot/echo/x", {"a": [1, "ä"]})

    assert (answer.status, answer.json()) == (201, {"body": {"a": [1, "ä"]}, "hopFree": True})
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/api/hot/echo/x", "/api/plain/x"])
async def test_a_host_that_is_not_ours_is_refused_by_both_handlers(client, settings, path):
    settings.ALLOWED_HOSTS = ["testserver"]

    answers = [await client.get(path, headers={"host": host}) for host in ("evil.example", "a b")]

    assert [(a.status, a.json()["code"]) for a in answers] == [(400, "bad_request")] * 2
    assert (await client.get(path)).status == 200


async def test_a_hot_route_gets_names_and_query(client):
    answer = await client.get("/api/hot/echo/x?a=%C3%A4")

    assert answer.json() == {"names": {"name": "x"}, "query": {"a": "ä"}}


@pytest.mark.parametrize("path", ["/api/hot/echo/x", "/api/plain/x"])
async def test_a_body_in_chunks_is_one_body(client, path):
    answer = await client.request(
        "POST",
        path,
        headers={"content-type": "application/json"},
        chunks=[b'{"a"', b": ", b"1}"],
    )

    assert answer.json()["body"] == {"a": 1}


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b"[]", "application/json", 400, "malformed_json"),
        (b"null", "application/json", 400, "malformed_json"),
        (b'{"a":1,"a":2}', "application/json", 400, "malformed_json"),
        (b'{"a":"\\u0000"}', "application/json", 400, "malformed_json"),
        (b'{"a":NaN}', "application/json", 400, "malformed_json"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "application/json", 400, "malformed_json"),
        (b'{"a":"\xff"}', "application/json", 400, "malformed_json"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=bogus", 415, "unsupported_media_type"),
    ],
)
@pytest.mark.parametrize("path", ["/api/hot/echo/x", "/api/plain/x"])
async def test_bad_bodies_get_the_same_answer_from_both_handlers(
    client, path, data, content_type, status, code
):
    answer = await client.post(path, data, headers={"content-type": content_type})

    body = answer.json()
    assert (answer.status, body["code"]) == (status, code)
    assert body["success"] is False
    assert body["requestId"] == answer.headers["x-request-id"]


async def test_a_hot_view_may_have_a_limit_of_its_own(client):
    answer = await client.post("/api/hot/echo/x", {"a": "x" * 1000})

    assert (answer.status, answer.json()["code"]) == (413, "too_large")


async def test_an_empty_body_is_an_empty_object(client):
    answer = await client.post("/api/hot/echo/x")

    assert (answer.status, answer.json()["body"]) == (201, {})


async def test_serializers_may_check_a_hot_routes_body(client):
    headers = {"content-type": "application/json"}
    good = await client.request("PUT", "/api/hot/echo/x", headers=headers, chunks=[b'{"text":"a"}'])
    bad = await client.request("PUT", "/api/hot/echo/x", headers=headers, chunks=[b'{"text":[]}'])

    assert (good.status, good.json()) == (200, {"text": "a"})
    assert bad.status == 400
    assert bad.json()["code"] == "invalid"
    assert bad.json()["error"] == "text: Not a valid string."
    assert bad.json()["fields"] == {"text": "Not a valid string."}


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("conflict", 409, "once"),
        ("often", 429, "rate_limited"),
        ("crash", 500, "internal"),
        ("database", 503, "unavailable"),
    ],
)
async def test_errors_of_hot_views_are_translated(client, caplog, kind, status, code):
    answer = await client.get(f"/api/hot/fail/{kind}")

    body = answer.json()
    assert (answer.status, body["code"]) == (status, code)
    assert body["requestId"] == answer.headers["x-request-id"]
    assert body.get("id") == ("1" if kind == "conflict" else None)
    assert answer.headers.get("retry-after") == {"often": "3", "database": "2"}.get(kind)
    assert "on purpose" not in answer.content.decode()
    assert ("crashed on purpose" in caplog.text) == (kind == "crash")


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "FOO", "BODY", "RESPOND"])
async def test_a_hot_route_refuses_other_methods(client, method):
    answer = await client.request(method, "/api/hot/echo/x")

    assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST, PUT, DELETE, HEAD, OPTIONS"


async def test_a_plain_route_refuses_other_methods(client):
    answer = await client.request("PUT", "/api/plain/x")

    assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST, HEAD, OPTIONS"


async def test_a_hot_route_answers_options_and_head(client):
    options = await client.request("OPTIONS", "/api/hot/echo/x")
    head = await client.request("HEAD", "/api/hot/echo/x")

    assert (options.status, options.headers["allow"]) == (
        204,
        "GET, POST, PUT, DELETE, HEAD, OPTIONS",
    )
    assert head.status == 200


async def test_a_hot_view_may_answer_anything(client):
    answer = await client.request("DELETE", "/api/hot/echo/x")

    assert answer.content == b"as it is"
    assert answer.headers["cache-control"] == "max-age=5"


async def test_who_hangs_up_ends_the_hot_view(client):
    hot_urls.seen.clear()

    async with asyncio.timeout(5):
        answer = await client.request("GET", "/api/hot/slow", hang_up_after=0.05)

    assert answer is None
    assert hot_urls.seen == ["cancelled"]


async def test_who_hangs_up_within_the_body_ends_it_too(client):
    async def receive():
        return {"type": "http.disconnect"}

    await HotHandler("tests.livechat.hot_urls").serve(None, {}, receive, None)


async def test_concurrent_requests_keep_their_own_request_ids(client):
    async def ask(number):
        headers = {"X-Request-ID": f"request-{number:04}"}
        return (await client.get("/api/hot/context", headers=headers)).json()["requestId"]

    asked = await asyncio.gather(*map(ask, range(20)))

    assert asked == [f"request-{number:04}" for number in range(20)]


async def test_all_other_routes_are_djangos(client):
    assert (await client.get("/api/plain/x")).json() == {"kind": "x"}
    assert (await client.post("/api/plain/x", {"a": 1})).json() == {"body": {"a": 1}}
    assert (await client.get("/page/x")).content == b"a page"


async def test_an_unforeseen_error_of_a_plain_view_tells_nothing(client, caplog):
    answer = await client.get("/api/plain/crash")

    assert (answer.status, answer.json()["code"]) == (500, "internal")
    assert "crashed on purpose" in caplog.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/nothing", 404, "not_found"),
        ("/api/hot/nothing", 404, "not_found"),
        ("/api/page/denied", 403, "forbidden"),
        ("/api/page/suspicious", 400, "bad_request"),
        ("/api/page/crash", 500, "internal"),
    ],
)
async def test_errors_outside_views_are_json_for_programs_and_text_for_people(
    client, path, status, code
):
    for_program = await client.get(path)
    for_people = await client.get(path.removeprefix("/api"))

    assert (for_program.status, for_program.json()["code"]) == (status, code)
    assert for_people.status == status
    assert for_people.headers["content-type"] == "text/plain; charset=utf-8"
    assert json.dumps(code) not in for_people.content.decode()


async def test_static_files_are_served_with_conditions(client):
    path = "/static/rest_framework/css/default.css"
    whole = await client.get(path)
    known = await client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    part = await client.get(path, headers={"Range": "bytes=0-9"})
    head = await client.request("HEAD", path)
    posted = await client.post(path)

    assert (whole.status, whole.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
    assert len(whole.content) == int(whole.headers["content-length"])
    assert (known.status, known.content) == (304, b"")
    assert (part.status, part.content) == (206, whole.content[:10])
    assert (head.status, head.content) == (200, b"")
    assert posted.status == 405


@pytest.mark.parametrize(
    "path", ["/static/../livechat/settings.py", "/static/nothing.js", "/static/", "/static//etc"]
)
async def test_nothing_but_static_files_is_served_as_one(client, path):
    assert (await client.get(path)).status == 404


async def test_whoever_keeps_views_busy_leaves_room_for_others_and_is_told_to_come_back(
    client, monkeypatch
):
    monkeypatch.setattr(handlers, "PATIENCE_SECONDS", 0.3)
    go = threading.Event()
    monkeypatch.setattr(plain_urls, "wait", lambda: go.wait(10))
    # Though every request of theirs names somebody else.
    stuck = [
        asyncio.create_task(
            client.get("/api/plain/slow", headers={"authorization": f"Bearer {number}"})
        )
        for number in range(handlers.PLAIN_REQUESTS)
    ]
    done, _ = await asyncio.wait(stuck, timeout=5, return_when=asyncio.FIRST_COMPLETED)

    assert (await Client(client.app, ip="192.0.2.8").get("/api/plain/x")).status == 200
    go.set()
    answers = await asyncio.gather(*stuck)

    assert done
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) == handlers.PLAIN_REQUESTS // 2
    assert {answer.json()["code"] for answer in refused} == {"unavailable"}
    assert refused[0].headers["retry-after"] == "2"


async def test_whoever_hangs_up_frees_no_room_before_the_view_is_done(client, monkeypatch):
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def wait():
        loop.call_soon_threadsafe(begun.set)
        assert go.wait(10)

    monkeypatch.setattr(plain_urls, "wait", wait)
    slots = client.plain._slots.get()
    asking = asyncio.create_task(client.request("GET", "/api/plain/slow", hang_up_after=0.05))
    async with asyncio.timeout(5):
        await begun.wait()

    done, _ = await asyncio.wait([asking], timeout=0.2)
    held_meanwhile = slots.held
    go.set()
    answer = await asking

    assert not done
    assert (held_meanwhile, slots.held) == (1, 0)
    assert answer is None


def test_waiting_for_room_and_for_a_connection_takes_five_seconds_at_most(settings):
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]

    assert handlers.PATIENCE_SECONDS + pool["timeout"] <= 5
