import pytest

from tests.widgets.shops import make_bubble
from tests.widgets.test_chat import QUESTION, stored

ORIGINS = ["https://www.shop.example", "http://localhost:3000", "https://*.wild.example"]
DOMAINS = ["shop.org"]
WELCOME = [
    "https://www.shop.example",
    "https://www.shop.example:443",
    "http://localhost:3000",
    "https://a.wild.example",
    "https://shop.org",
    "http://shop.org:8080",
    "https://deep.down.shop.org",
]
UNWELCOME = [
    "null",
    "https://shop.example",
    "http://www.shop.example",
    "https://www.shop.example:444",
    "https://www.shop.example.evil.example",
    "https://evilwww.shop.example",
    "https://wild.example",
    "https://evilwild.example",
    "https://evilshop.org",
    "https://shop.org.evil.example",
    "http://localhost",
    "https://www.shop.example@evil.example",
    "https://www.shop.example, https://evil.example",
    "https://www.shop.example/",
    "garbage",
]


@pytest.fixture
def guarded(shop):
    with shop.scope():
        shop.bubble.origins, shop.bubble.domains = ORIGINS, DOMAINS
        shop.bubble.save()
    return shop


@pytest.mark.parametrize("origin", WELCOME)
def test_listed_pages_may_ask_and_read(guarded, origin):
    with guarded.client(origin=origin) as client:
        answer = client.get("config")

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "etag" in answer.headers["Access-Control-Expose-Headers"]
    assert "origin" in answer.headers["Vary"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", UNWELCOME)
def test_other_pages_may_neither_ask_nor_read(guarded, origin):
    event = {"sessionId": "s", "event": "opened"}
    with guarded.client(origin=origin) as client:
        answers = [
            client.get("config"),
            client.post("chat", json=QUESTION),
            client.post("track", json=event),
            client.post("session"),
            client.post("voice/start", json={"sessionId": "s"}),
            client.get("conversations"),
        ]

    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["code"] for answer in answers} == {"origin_not_allowed"}
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)
    assert stored(guarded)["VisitorSession"] == 0


def test_a_listed_page_may_read_errors_too(guarded):
    with guarded.client(origin=WELCOME[0], token="wt_wrong") as client:
        answer = client.post("chat", json=QUESTION)

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == WELCOME[0]


def test_without_lists_every_page_may(shop):
    for origin in ("https://anywhere.example", "null"):
        with shop.client(origin=origin) as client:
            answer = client.get("config")
            assert answer.status_code == 200
            assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_callers_that_are_no_browsers_have_no_origin(guarded):
    with guarded.client() as client:
        answer = client.get("config")

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def preflight(shop, origin, *, widget_id="", path="chat"):
    with shop.client(origin=origin, token="", widget_id=widget_id) as client:
        return client.options(
            path,
            headers={
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )


@pytest.mark.parametrize("path", ["chat", "voice/start", "attachments"])
def test_a_preflight_is_answered_for_listed_pages(guarded, path):
    answer = preflight(guarded, WELCOME[0], path=path)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == WELCOME[0]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert {
        "authorization",
        "content-type",
        "x-session-secret",
        "idempotency-key",
        "if-none-match",
    } <= set(allowed)


def test_a_preflight_promises_nothing_to_other_pages(guarded):
    for widget_id in ("", guarded.bubble.code):
        answer = preflight(guarded, "https://evil.example", widget_id=widget_id)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.status_code < 500


def test_any_page_may_read_that_there_is_no_such_widget(guarded):
    with guarded.client(origin="https://other.example", token="", widget_id="unknown") as client:
        answer = client.get("config")

    assert answer.status_code == 404
    assert answer.json()["code"] == "widget_not_found"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://other.example"


def test_each_bubble_has_its_own_lists(guarded):
    open_to_all = make_bubble(guarded, name="Open")
    origin = "https://other.example"

    with guarded.client(origin=origin, token=guarded.token_of(open_to_all)) as client:
        assert client.post("track", json={"sessionId": "s", "event": "e"}).status_code == 200
    with guarded.client(origin=origin) as client:
        assert client.post("track", json={"sessionId": "s", "event": "e"}).status_code == 403
    assert (
        "Access-Control-Allow-Origin"
        in preflight(guarded, origin, widget_id=open_to_all.code).headers
    )
    assert (
        "Access-Control-Allow-Origin"
        not in preflight(guarded, origin, widget_id=guarded.bubble.code).headers
    )
