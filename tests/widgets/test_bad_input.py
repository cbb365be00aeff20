"""Whatever is sent, the answer is documented, names its reason, and nothing is half-written."""

import json

import pytest

from tests.widgets.test_chat import stored
from widgets.models import TrackEvent

GOOD = {
    "chat": {"sessionId": "s", "message": "Hello?"},
    "track": {"sessionId": "s", "event": "opened"},
    "voice/start": {"sessionId": "s"},
    "session": {},
    "contact": {"name": "Ann"},
}
MALFORMED = [
    b"{",
    b"",
    b"[]",
    b"null",
    b'"x"',
    b"5",
    b"true",
    b"{'sessionId': 's'}",
    b'{"sessionId": "s", "message": "x", "sessionId": "s"}',
    b'{"sessionId": "s", "x": NaN}',
    b'{"sessionId": "s", "x": Infinity}',
    b'{"sessionId": "s", "x": -Infinity}',
    b'{"sessionId": "s", "x": 1e999}',
    b'{"sessionId": "s", "x": ' + b"9" * 5000 + b"}",
    b'{"sessionId": "s\\u0000", "message": "x", "event": "e"}',
    b'{"sessionId": "s", "message": "x", "event": "e", "metadata": {"a\\u0000b": 1}}',
    b'{"sessionId": "s", "message": "\\ud800", "event": "\\ud800"}',
    b'{"sessionId": "s", "message": "\xff", "event": "\xff"}',
    b'{"sessionId": "s", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"sessionId": "s", "x": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"sessionId": "s", "x": ' + b'{"a":' * 33 + b"1" + b"}" * 34,
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    b"\x1f\x8b\x08\x00truncated",
]
NOT_TEXT = [None, 5, 1.5, True, [], {}, ["x"], {"a": 1}]
WRONG_TYPES = {
    ("chat", "sessionId"): [*NOT_TEXT, "", "s" * 129],
    ("chat", "message"): [*NOT_TEXT, "", "   \n\t", "x" * 8001],
    ("chat", "assistantId"): [value for value in NOT_TEXT if value is not None],
    ("chat", "conversationId"): [value for value in NOT_TEXT if value is not None],
    ("chat", "messageId"): [*[value for value in NOT_TEXT if value is not None], "", "k" * 201],
    ("chat", "useStagingVersion"): [None, 0, 1, "true", [], {}],
    ("chat", "handOverWhenSpent"): [None, 0, 1, "true", [], {}],
    ("chat", "attachments"): [None, 5, "x", {}, [5], [None], ["x"], ["a"] * 11],
    ("track", "sessionId"): [*NOT_TEXT, "", "s" * 129],
    ("track", "event"): [*NOT_TEXT, ""],
    ("track", "metadata"): [None, 5, "x", [], True],
    ("voice/start", "sessionId"): [*NOT_TEXT, "", "s" * 129],
    ("voice/start", "assistantId"): [value for value in NOT_TEXT if value is not None],
    ("session", "sessionId"): [*NOT_TEXT, "s" * 129],
}


@pytest.fixture
def visitor(shop):
    """A client with a session's secret, for the endpoints that want one."""
    with shop.client() as client:
        secret = client.post("session").json()["sessionSecret"]
    with shop.client(secret=secret) as client:
        yield client


@pytest.fixture(autouse=True)
def _writes_nothing(shop, visitor):
    before = {**stored(shop), "TrackEvent": 0}
    yield
    with shop.scope():
        assert {**stored(shop), "TrackEvent": TrackEvent.objects.count()} == before


def refused(answer, status):
    assert answer.status_code == status, answer.text[:300]
    body = answer.json()
    assert body["success"] is False
    assert body["code"]
    assert body["error"].endswith(".")
    assert body["requestId"] == answer.headers["X-Request-Id"]
    for leak in ("Traceback", "SELECT", "psycopg", "django", ".py"):
        assert leak not in answer.text
    return True


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:40]))
@pytest.mark.parametrize("path", ["chat", "track", "voice/start", "session"])
def test_malformed_json_is_refused(client, path, body):
    if path == "session" and body == b"":
        return
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413 or refused(answer, 400)


@pytest.mark.parametrize(("path", "field"), WRONG_TYPES)
def test_fields_of_the_wrong_type_or_length_are_refused(client, path, field):
    for value in WRONG_TYPES[path, field]:
        answer = client.post(path, json={**GOOD[path], field: value})

        assert refused(answer, 400), (field, value)


@pytest.mark.parametrize("path", ["chat", "track", "voice/start"])
def test_missing_fields_are_named(client, path):
    for field in GOOD[path]:
        body = {name: value for name, value in GOOD[path].items() if name != field}

        answer = client.post(path, json=body)

        assert refused(answer, 400)
        assert field in answer.json()["error"] or answer.json()["code"] == "message_required"


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=bogus",
        "application/json; charset=zlib_codec",
        "application/json; charset=utf-16",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_other_content_types_and_charsets_are_refused(visitor, shop, path, content_type):
    answer = visitor.post(
        path, content=json.dumps(GOOD[path]), headers={"Content-Type": content_type}
    )

    assert refused(answer, 415)


@pytest.mark.parametrize("path", GOOD)
def test_a_body_that_is_too_large_is_refused(client, path):
    body = json.dumps({**GOOD[path], "x": "y" * 12_000_000})

    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})

    assert refused(answer, 413)


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "GET", "TRACE"])
def test_other_methods_are_not_allowed(client, path, method):
    answer = client.request(method, path)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("key", ["k" * 201, "k" * 5000])
def test_a_key_that_is_too_long_is_refused(client, key):
    answer = client.post("chat", json=GOOD["chat"], headers={"Idempotency-Key": key})

    assert refused(answer, 400)


@pytest.mark.parametrize("header", ["Bearer", "Basic dXNlcjpwYXNz", "Bearer a b", "Bearer \xe9"])
def test_odd_credentials_are_no_credentials(shop, header):
    with shop.client(token="") as client:
        answer = client.post(
            "chat", json=GOOD["chat"], headers=[(b"Authorization", header.encode("latin-1"))]
        )

    assert refused(answer, 401)
