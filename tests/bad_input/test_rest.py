"""Whatever is sent over REST, the answer is the door's own error with its code, or all is well."""

from dataclasses import dataclass
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.bad_input import corpus
from tests.bad_input.fronts import rows
from tests.leaks import leaks
from widgets.models import TrackEvent

JSON = {"Content-Type": "application/json"}
# Where JSON comes in: hot views and plain ones, the visitor's, the team's, and Blits'.
BODIES = {
    "chat": "widgets/{widget}/chat",
    "track": "widgets/{widget}/track",
    "session": "widgets/{widget}/session",
    "contact": "widgets/{widget}/contact",
    "logging in": "auth/token",
    "messages": "conversations/{conversation}/messages",
    "integrations": "v1/web-integrations",
    "Blits": "external/initialize",
    "Blits' messages": "external/messages/{blits}/text",
}
CONTENT_TYPES = [
    "application/json; charset=bogus",
    "application/json; charset=zlib_codec",
    "application/json; charset=utf-16",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/xml",
    "",
]


@dataclass
class Web:
    """Everybody at once: each place gets the credential that opens it."""

    front: object
    http: httpx.Client

    def call(self, method, place, **options):
        path = place.format(**self.front.places)
        headers = {**self._credentials(path), **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def _credentials(self, path):
        if path.startswith("widgets/"):
            token, secret = self.front.shop.token, self.front.session["sessionSecret"]
            return {"Authorization": f"Bearer {token}", "X-Session-Secret": secret}
        blits = path.startswith("external/")
        return {"Authorization": f"Bearer {self.front.api_token if blits else self.front.jwt}"}


@pytest.fixture
def web(front):
    with httpx.Client(base_url=f"{front.url}/api/", trust_env=False, timeout=30) as http:
        yield Web(front, http)


def refused(answer, *statuses):
    """Whether it is the error of the door that was knocked at, with a reason and no more."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:300])
    body = answer.json()
    if "/api/external/" in answer.url.raw_path.decode():
        assert body.keys() == {"error", "errorHint", "active", "conversationId"}
    else:
        assert body.keys() - {"fields", "tenants"} == {"success", "error", "code", "requestId"}
        assert body["requestId"] == answer.headers["X-Request-Id"]
        assert body["success"] is False
        assert body["code"]
    assert body["error"]
    assert not leaks(answer.text), answer.text
    return True


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_object_is_refused(web, name):
    before = rows(web.front.shop)
    for body in filter(None, corpus.MALFORMED):
        answer = web.call("POST", BODIES[name], content=body, headers=JSON)
        assert refused(answer, 400, 413), body[:60]

    assert rows(web.front.shop) == before


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_json_by_its_label_is_refused(web, name):
    before = rows(web.front.shop)
    for content_type in CONTENT_TYPES:
        headers = {"Content-Type": content_type}
        answer = web.call("POST", BODIES[name], content=b'{"message": "x"}', headers=headers)
        assert refused(answer, 415), content_type

    assert rows(web.front.shop) == before


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_too_large_is_refused(web, name):
    body = b'{"message": "' + b"x" * 11 * 1024 * 1024

    assert refused(web.call("POST", BODIES[name], content=body, headers=JSON), 413)


# Everywhere that an id stands in an address, a query or a body.
NAMED = [
    ("GET", "widgets/{id}/config"),
    ("POST", "widgets/{id}/session"),
    ("GET", "widgets/{widget}/attachments/{id}"),
    ("GET", "widgets/{widget}/conversations/{id}/events"),
    ("GET", "conversations/{id}"),
    ("GET", "contacts/{id}"),
    ("POST", "conversations/{conversation}/tool-calls/{id}/approve"),
    ("POST", "assistants/{id}/analyze"),
    ("DELETE", "v1/web-integrations/{id}"),
    ("POST", "external/is-active/{id}"),
    ("GET", "external/messages/{blits}/{id}"),
    ("GET", "external/settings/{id}"),
]


@pytest.mark.parametrize(("method", "place"), NAMED)
def test_an_id_of_nobodys_leads_nowhere(web, method, place):
    before = rows(web.front.shop)
    # A client's library takes two dots for a way up.
    ids = [quote(one, safe="") for one in corpus.IDS if one != ".."]
    for one in [*ids, *corpus.PATH_IDS]:
        address = place.replace("{id}", one)
        options = {"json": {"message": "x"}} if method == "POST" else {}
        answer = web.call(method, address, **options)
        assert answer.status_code == 405 or refused(answer, 404, 401), address

    assert rows(web.front.shop) == before


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("widgets/{widget}/chat", "conversationId"),
        ("widgets/{widget}/chat", "assistantId"),
        ("conversations/{conversation}/assign", "memberId"),
        ("external/initialize", "conversationId"),
        ("v1/web-integrations", "assistantId"),
    ],
)
def test_an_id_of_nobodys_in_a_body_is_refused(web, place, field):
    before = rows(web.front.shop)
    for one in corpus.IDS:
        session = web.front.session["sessionId"]
        body = {"sessionId": session, "message": "x", "name": "x", field: one}
        assert refused(web.call("POST", place, json=body), 400, 404), one

    assert rows(web.front.shop) == before


@pytest.mark.parametrize(
    "place",
    [
        "conversations",
        "conversations/{conversation}/messages",
        "conversations/{conversation}/tool-calls",
        "members",
        "v1/web-integrations",
        "widgets/{widget}/conversations",
    ],
)
def test_cursors_and_sizes_of_lists_are_read_or_refused(web, place):
    for cursor in corpus.CURSORS:
        answer = web.call("GET", place, params={"cursor": cursor})
        assert answer.status_code == 200 or refused(answer, 400), cursor
    for number in corpus.NUMBERS:
        answer = web.call("GET", place, params={"limit": number})
        assert answer.status_code == 200 or refused(answer, 400), number


def test_numbers_of_events_are_read_or_refused(web):
    for number in corpus.NUMBERS:
        answer = web.call(
            "GET", "widgets/{widget}/conversations/{own}/events", params={"after": number}
        )
        assert answer.status_code == 200 or refused(answer, 400), number


def test_moments_that_are_none_or_absurd_are_refused(web):
    before = rows(web.front.shop)
    for moment in corpus.MOMENTS:
        event = {"sessionId": "s", "event": "e", "timestamp": moment}
        assert refused(web.call("POST", "widgets/{widget}/track", json=event), 400), moment
        status = {"status": "snoozed", "until": moment}
        answer = web.call("POST", "conversations/{conversation}/status", json=status)
        assert refused(answer, 400), moment

    assert rows(web.front.shop) == before


def test_odd_texts_are_kept_as_they_are(web):
    """Wherever a text may stand: in a note, an event and its details, and a qualification."""
    for text in corpus.TEXTS:
        details = {"a": text[:500], text[:500]: "a"}
        event = {"sessionId": "s", "event": text[:100], "metadata": details}
        assert web.call("POST", "widgets/{widget}/track", json=event).status_code == 200
        note = {"text": text, "private": True, "messageId": str(uuid4())}
        answer = web.call("POST", "conversations/{conversation}/messages", json=note)
        assert (answer.status_code, answer.json()["text"]) == (201, text)
    known = {text[:100]: text[:100] for text in corpus.TEXTS}
    answer = web.call("POST", "conversations/{conversation}/qualify", json={"details": known})
    assert answer.status_code == 200
    answer = web.call("GET", "conversations/{conversation}")

    assert answer.json()["qualification"].items() >= known.items()
    with web.front.shop.scope():
        assert TrackEvent.objects.latest("id").metadata == details


def test_odd_tokens_and_secrets_are_none(web):
    for token in corpus.TOKENS:
        for place in BODIES.values():
            headers = {**JSON, "Authorization": f"Bearer {token}", "X-Session-Secret": token}
            if not place.endswith(("/token", "/session")):
                assert refused(web.call("POST", place, content="{}", headers=headers), 401), token
        session = {"sessionId": "s"}
        headers = {"X-Session-Secret": token}
        answer = web.call("POST", "widgets/{widget}/session", json=session, headers=headers)
        assert refused(answer, 401)
