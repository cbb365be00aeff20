"""Whatever is sent, the answer is documented, names its reason, and nothing is half-written."""

import pytest

from tests.bad_input.corpus import GIVEN_NOT_TEXT, NOT_TEXT
from tests.isolation.rows import fingerprint
from tests.leaks import leaks
from tests.widgets.test_chat import stored
from widgets.models import TrackEvent

GOOD = {
    "chat": {"sessionId": "s", "message": "Hello?"},
    "track": {"sessionId": "s", "event": "opened"},
    "voice/start": {"sessionId": "s"},
    "session": {},
    "contact": {"name": "Ann"},
}
WRONG_TYPES = {
    ("chat", "sessionId"): [*NOT_TEXT, "", "s" * 129],
    ("chat", "message"): [*NOT_TEXT, "", "   \n\t", "x" * 8001],
    ("chat", "assistantId"): GIVEN_NOT_TEXT,
    ("chat", "conversationId"): GIVEN_NOT_TEXT,
    ("chat", "messageId"): [*GIVEN_NOT_TEXT, "", "k" * 201],
    ("chat", "useStagingVersion"): [None, 0, 1, "true", [], {}],
    ("chat", "handOverWhenSpent"): [None, 0, 1, "true", [], {}],
    ("chat", "attachments"): [None, 5, "x", {}, [5], [None], ["x"], ["a"] * 11],
    ("track", "sessionId"): [*NOT_TEXT, "", "s" * 129],
    ("track", "event"): [*NOT_TEXT, ""],
    ("track", "metadata"): [None, 5, "x", [], True],
    ("voice/start", "sessionId"): [*NOT_TEXT, "", "s" * 129],
    ("voice/start", "assistantId"): GIVEN_NOT_TEXT,
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
def _writes_nothing(shop, visitor, rival):
    before, theirs = {**stored(shop), "TrackEvent": 0}, fingerprint(rival.tenant.id)
    yield
    assert fingerprint(rival.tenant.id) == theirs
    with shop.scope():
        assert {**stored(shop), "TrackEvent": TrackEvent.objects.count()} == before


def refused(answer, status):
    assert answer.status_code == status, answer.text[:300]
    body = answer.json()
    assert body["success"] is False
    assert body["code"]
    assert body["error"].endswith(".")
    assert body["requestId"] == answer.headers["X-Request-Id"]
    assert not leaks(answer.text)
    return True


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
