"""What tools on the page return, over REST and on the socket."""

import pytest

from tests.conversations.calling import (  # noqa: F401 -- a fixture
    call_states,
    calls,
    let_time_pass,
    make_tool,
    no_turn_is_left,
    rescript,
    work,
)
from tests.conversations.turning import answered
from tests.widgets.test_socket import Session

ITEM = {"item": "lamp"}
LONG = {"result": "x" * (33 * 1024)}


class Page:
    """A visitor's page that an assistant has asked to do something."""

    def __init__(self, shop):
        tool = make_tool(shop.tenant, "show", place="client", url="", timeout_seconds=60)
        rescript(shop.assistant, [["show", ITEM]], tool)
        self.shop, self.session = shop, Session(shop)
        with self.session.socket() as socket:
            self.conversation_id = self.session.ask(socket)["conversationId"]
            work(shop.tenant)
            self.request = socket.until("tool:request")
        self.call_id = self.request["data"]["id"]

    def path(self, call_id=None, conversation_id=None):
        conversation = conversation_id or self.conversation_id
        return f"conversations/{conversation}/tool-calls/{call_id or self.call_id}"

    def client(self, **fields):
        return self.shop.client(secret=self.session.secret, **fields)

    def socket(self, **fields):
        return self.session.socket(conversationId=self.conversation_id, **fields)

    @property
    def texts(self):
        work(self.shop.tenant)
        return answered(self.shop.tenant)


@pytest.fixture
def page(shop):
    return Page(shop)


@pytest.fixture
def foreign(rival):
    return Page(rival)


def test_a_page_is_asked_with_an_event_of_its_own_feed(page):
    (call,) = calls(page.shop.tenant)

    assert page.request["id"] == 2
    assert page.request["data"] == {
        "id": str(call.id),
        "conversationId": page.conversation_id,
        "name": "show",
        "args": ITEM,
        "deadline": call.deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"shown": True, "at": [1, None]}, '{"shown": true, "at": [1, null]}'),
        ("It is shown.", "It is shown."),
        (None, "null"),
        (False, "false"),
        ([], "[]"),
        ("", "The call succeeded; the answer is empty."),
    ],
)
def test_a_result_over_rest_goes_on_with_the_answer(page, result, told):
    with page.client() as client:
        answer = client.post(page.path(), json={"result": result})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert page.texts == [told]


def test_a_result_on_the_socket_is_acknowledged_and_goes_on_with_the_answer(page):
    with page.socket() as socket:
        socket.until("tool:request")
        socket.send({"type": "tool:result", "callId": page.call_id, "result": {"shown": True}})
        ack = socket.until("ack")
        assert call_states(page.shop.tenant) == ["done"]
        assert page.texts == ['{"shown": true}']
        assert socket.until("message:new")["data"]["text"] == '{"shown": true}'

    assert ack == {"type": "ack", "data": {"callId": page.call_id}}


def test_an_error_on_either_way_is_told_to_the_assistant(page):
    with page.socket() as socket:
        socket.send({"type": "tool:result", "callId": page.call_id, "error": "No lamp here."})
        socket.until("ack")

    assert page.texts == ["The visitor's page reported an error: No lamp here."]


def test_a_second_or_late_result_is_refused_on_either_way(page):
    result = {"result": "Shown."}
    with page.client() as client, page.socket() as socket:
        client.post(page.path(), json=result)
        again = client.post(page.path(), json={"result": "Other."})
        socket.send({"type": "tool:result", "callId": page.call_id, **result})
        refused = socket.until("error")

    assert (again.status_code, again.json()["code"]) == (409, "tool_call_finished")
    assert (refused["code"], refused["callId"]) == ("tool_call_finished", page.call_id)
    assert page.texts == ["Shown."]


def test_a_result_that_comes_too_late_is_refused(page):
    let_time_pass(page.shop.tenant)
    work(page.shop.tenant)

    with page.client() as client:
        late = client.post(page.path(), json={"result": "Shown."})

    assert (late.status_code, late.json()["code"]) == (409, "tool_call_finished")
    assert call_states(page.shop.tenant) == ["expired"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"result": 1, "error": "both"},
        {"error": ""},
        {"error": None},
        {"error": 5},
        {"error": "x" * 1001},
        LONG,
    ],
)
def test_what_is_neither_a_result_nor_an_error_changes_nothing(page, body):
    with page.client() as client, page.socket() as socket:
        answer = client.post(page.path(), json=body)
        socket.send({"type": "tool:result", "callId": page.call_id, **body})
        refused = socket.until("error")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert (refused["code"], refused["callId"]) == ("invalid", page.call_id)
    assert call_states(page.shop.tenant) == ["waiting"]


@pytest.mark.parametrize("text", ['{"result": NaN}', '{"result": "\\u0000"}', "[1]", "{", ""])
def test_what_is_no_plain_json_changes_nothing(page, text):
    with page.client() as client:
        answer = client.post(
            page.path(), content=text, headers={"Content-Type": "application/json"}
        )

    assert answer.status_code == 400
    assert call_states(page.shop.tenant) == ["waiting"]


def test_only_the_session_answers_its_calls(page, foreign):
    other = Session(page.shop)
    with other.socket() as socket:
        own = other.ask(socket)["conversationId"]
    result = {"result": "Mine!"}
    with page.client() as client, page.shop.client(secret=other.secret) as stranger:
        answers = [
            client.post(page.path(foreign.call_id), json=result),
            client.post(page.path(foreign.call_id, foreign.conversation_id), json=result),
            client.post(page.path(conversation_id=own), json=result),
            stranger.post(page.path(), json=result),
            stranger.post(page.path(conversation_id=own), json=result),
        ]
    with page.shop.client() as nobody:
        unproved = nobody.post(page.path(), json=result)

    assert [answer.status_code for answer in answers] == [404] * 5
    assert (unproved.status_code, unproved.json()["code"]) == (401, "invalid_session_secret")
    assert call_states(page.shop.tenant) == call_states(foreign.shop.tenant) == ["waiting"]


def test_a_socket_that_follows_nothing_yet_has_no_calls(page):
    other = Session(page.shop)
    with other.socket() as socket:
        socket.send({"type": "tool:result", "callId": page.call_id, "result": 1})
        assert socket.next()["code"] == "conversation_not_found"


def test_whoever_reconnects_hears_what_was_asked_meanwhile(page):
    with page.socket(lastEventId=1) as socket:
        assert socket.next() == page.request
        assert socket.is_silent(seconds=0.3)


def test_a_new_page_is_asked_what_still_waits_and_nothing_else(page):
    with page.socket() as socket:
        assert socket.next() == {"type": "tool:request", "data": page.request["data"]}
    with page.client() as client:
        client.post(page.path(), json={"result": 1})

    with page.socket() as socket:
        assert socket.is_silent(seconds=0.3)


def test_polling_tells_of_the_request_too(page):
    with page.client() as client:
        events = client.get(f"conversations/{page.conversation_id}/events").json()["results"]

    requests = [event["data"] for event in events if event["type"] == "tool:request"]
    assert requests == [page.request["data"]]
