"""What a tenant's server is sent, what is repeated, and what is known when it went wrong."""

import asyncio
import gzip
import threading

import pytest

from assistants.toolbox import ToolSnapshot, UnknownOutcome
from assistants.tools import http
from assistants.tools.headers import parse_headers
from assistants.tools.http import CallFailed
from assistants.tools.results import LEFT_OUT, SILENT
from livechat.embedded.redis import free_port
from tenants.errors import BadRequest
from tenants.ids import uuid7
from tests.assistants.tool_server import Answer, open_tool_server

CONVERSATION = uuid7()


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.01)


def tool_at(url, **fields):
    known = {
        "id": uuid7(),
        "name": "order",
        "description": "",
        "parameters": {"type": "object"},
        "place": "server",
        "risk": "read",
        "method": "POST",
        "timeout_seconds": 5,
        "retries": 2,
        "fallback_result": "",
    }
    return ToolSnapshot(url=url, **{**known, **fields})


def call(tool, args=None, *, key="key-1", headers=""):
    async def once():
        try:
            return await http.call(
                tool, args or {}, key=key, conversation_id=CONVERSATION, headers=headers
            )
        finally:
            await http.close()

    return asyncio.run(once())


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_arguments_are_sent_as_json_with_the_tools_headers_and_a_key(server, method):
    server.will(Answer({"status": "sent"}))

    said = call(
        tool_at(server.url, method=method),
        {"number": 4012, "items": ["a"]},
        headers="X-Api-Key: s3cret\nAuthorization: Bearer abc",
    )

    (got,) = server.received
    assert said == '{"status": "sent"}'
    assert (got.method, got.path, got.body) == (method, "/tool", {"number": 4012, "items": ["a"]})
    assert got.headers["X-Api-Key"] == "s3cret"
    assert got.headers["Authorization"] == "Bearer abc"
    assert got.headers["Idempotency-Key"] == "key-1"
    assert got.headers["X-LiveChat-Conversation"] == str(CONVERSATION)
    assert got.headers["Content-Type"] == "application/json"


def test_a_get_carries_its_arguments_in_the_address(server):
    args = {"q": "a b&c", "n": 5, "deep": {"x": [1]}, "yes": True, "none": None}

    call(tool_at(f"{server.url}?shop=1", method="GET"), args)

    (got,) = server.received
    assert got.query == {
        "shop": "1",
        "q": "a b&c",
        "n": "5",
        "deep": '{"x": [1]}',
        "yes": "true",
        "none": "null",
    }
    assert got.body is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(""), SILENT),
        (Answer(" ", status=204), SILENT),
        (Answer("a\0b"), "ab"),
        (Answer(b"caf\xe9", headers={"Content-Type": "text/plain; charset=latin-1"}), "café"),
        (Answer(b"caf\xe9", headers={"Content-Type": "text/plain; charset=hex"}), "caf\ufffd"),
        (Answer(b"\xff\xfe"), "\ufffd\ufffd"),
    ],
)
def test_whatever_is_answered_becomes_text(server, answer, said):
    server.will(answer)

    assert call(tool_at(server.url)) == said


def test_a_long_answer_is_cut_and_a_very_long_one_is_not_received(server):
    server.will(Answer("x" * 9_000), Answer(b"y" * 50_000_000))

    first, second = call(tool_at(server.url)), call(tool_at(server.url))

    assert first == "x" * (8_000 - len(LEFT_OUT)) + LEFT_OUT
    assert len(second) == 8_000


@pytest.mark.parametrize("answer", [Answer("", 500), Answer("", 429), Answer(cut=True)])
def test_a_call_that_reads_is_repeated_and_says_so_by_its_key(server, answer):
    server.will(answer, answer, Answer("Here."))

    assert call(tool_at(server.url)) == "Here."
    assert {got.headers["Idempotency-Key"] for got in server.received} == {"key-1"}
    assert len(server.received) == 3


def test_a_call_that_reads_is_repeated_no_more_often_than_its_tool_says(server):
    server.will(Answer("Overloaded", 503))

    with pytest.raises(CallFailed, match="answered 503: Overloaded"):
        call(tool_at(server.url, retries=1))

    assert len(server.received) == 2


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 422])
def test_what_a_repeat_would_not_change_is_not_repeated(server, status):
    server.will(Answer("No.", status, {"Location": "http://169.254.169.254/"}))

    with pytest.raises(CallFailed, match=str(status)):
        call(tool_at(server.url))

    assert len(server.received) == 1


@pytest.mark.parametrize("wish", ["6", "3600", "Wed, 21 Oct 2065 07:28:00 GMT", "-1", "1" * 400])
def test_a_server_that_wants_long_to_be_left_alone_is(server, wish):
    server.will(Answer("", 429, {"Retry-After": wish}))

    with pytest.raises(CallFailed):
        call(tool_at(server.url))

    assert len(server.received) == 1


def test_a_server_that_wants_a_short_pause_gets_it(server, monkeypatch):
    pauses = []

    async def pause(seconds):
        # Others sleep too, for less than a server may ask for.
        if seconds >= 1:
            pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    server.will(Answer("", 503, {"Retry-After": "5"}), Answer("Here."))

    assert call(tool_at(server.url)) == "Here."
    assert pauses == [5]


@pytest.mark.parametrize("risk", ["write", "approval"])
@pytest.mark.parametrize(
    "answer", [Answer("", 500), Answer("", 503), Answer("", 303), Answer(cut=True)]
)
def test_a_call_that_writes_is_made_once_and_its_outcome_is_unknown(server, answer, risk):
    server.will(answer)

    with pytest.raises(UnknownOutcome):
        call(tool_at(server.url, risk=risk))

    assert len(server.received) == 1


@pytest.mark.parametrize(("risk", "error"), [("read", CallFailed), ("write", UnknownOutcome)])
def test_a_server_that_does_not_answer_is_not_waited_for_any_longer(server, risk, error):
    never = threading.Event()
    server.will(Answer(hang=never))

    with pytest.raises(error, match="in time"):
        call(tool_at(server.url, risk=risk, timeout_seconds=1, retries=0))

    never.set()
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 429])
def test_a_write_that_was_refused_did_not_happen(server, status):
    server.will(Answer({"error": "no such order"}, status))

    with pytest.raises(CallFailed, match="no such order"):
        call(tool_at(server.url, risk="write"))

    assert len(server.received) == 1


def test_a_write_that_never_left_did_not_happen(settings):
    port = free_port()
    settings.INTERNAL_HOSTS = [f"127.0.0.1:{port}"]

    with pytest.raises(CallFailed, match="could not be reached"):
        call(tool_at(f"http://127.0.0.1:{port}/", risk="write"))


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://acme.example/", "https://", "http://[::1"])
def test_an_address_that_is_none_is_not_called(url):
    with pytest.raises(CallFailed):
        call(tool_at(url, risk="write"))


@pytest.mark.parametrize("risk", ["read", "write"])
def test_a_server_of_ours_is_not_called(server, settings, risk):
    settings.INTERNAL_HOSTS = []

    for url in (server.url, f"https://{server.host}/", "https://169.254.169.254/", "https://db/"):
        with pytest.raises(CallFailed, match="cannot be called"):
            call(tool_at(url, risk=risk))

    assert server.received == []


def test_an_answer_that_is_packed_is_read_within_the_bounds(server):
    packed = {"Content-Encoding": "gzip"}
    server.will(Answer(gzip.compress(b"Here."), headers=packed))
    bomb = Answer(gzip.compress(b"x" * 50_000_000), headers=packed)

    assert call(tool_at(server.url)) == "Here."
    server.will(bomb)
    with pytest.raises(UnknownOutcome):
        call(tool_at(server.url, risk="write"))


def test_calls_of_one_worker_share_their_connections(server):
    async def twice():
        for key in ("one", "two"):
            await http.call(
                tool_at(server.url), {}, key=key, conversation_id=CONVERSATION, headers=""
            )
        clients = list(http._clients._made.values())
        await http.close()
        return clients

    assert len(asyncio.run(twice())) == 1
    assert len(http._clients._made) == 0


def test_nothing_is_carried_from_one_call_to_the_next(server):
    server.will(Answer(headers={"Set-Cookie": "session=of-another-tenant; Path=/"}))

    async def twice():
        for key in ("one", "two"):
            await http.call(
                tool_at(server.url), {}, key=key, conversation_id=CONVERSATION, headers=""
            )
        await http.close()

    asyncio.run(twice())

    assert ["Cookie" in got.headers for got in server.received] == [False, False]


def test_headers_are_read_line_by_line():
    text = "\n Authorization:  Bearer a:b \r\n\nX-Key: 1\n"

    assert parse_headers(text) == {"Authorization": "Bearer a:b", "X-Key": "1"}


@pytest.mark.parametrize(
    "line",
    [
        "canary",
        ": canary",
        "X Key: canary",
        "X-Key:",
        "X-Key: canary\x07",
        "X-Key: canaryé",
        "Host: canary",
        "content-length: 5",
        "Idempotency-Key: canary",
        "X-A: canary\nx-a: canary",
        "X-Key: " + "canary" * 1000,
        "\n".join(f"X-{number}: canary" for number in range(21)),
    ],
)
def test_any_other_line_is_refused_without_quoting_it(line):
    with pytest.raises(BadRequest) as caught:
        parse_headers(line)

    assert caught.value.code == "invalid_headers"
    assert "canary" not in caught.value.message


def test_headers_that_cannot_be_read_send_nothing(server):
    with pytest.raises(CallFailed):
        call(tool_at(server.url), headers="broken")

    assert server.received == []
