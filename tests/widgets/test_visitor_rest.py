import uuid

import pytest

from conversations import engine
from conversations.models import Contact, Conversation, Message
from realtime.models import Event
from tests.factories import make_member
from tests.widgets.shops import make_bubble, teach
from tests.widgets.test_chat import QUESTION


class Visit:
    """A visitor who has asked one question and keeps the secret."""

    def __init__(self, shop, label="visitor"):
        with shop.client() as client:
            body = client.post("chat", json={**QUESTION, "sessionId": label}).json()
        self.shop, self.label = shop, label
        self.secret, self.conversation_id = body["sessionSecret"], body["conversationId"]
        self.client = shop.client(secret=self.secret)

    def path(self, name):
        return f"conversations/{self.conversation_id}/{name}"


@pytest.fixture
def visit(shop, live_worker):
    teach(shop)
    visit = Visit(shop)
    with visit.client:
        yield visit


@pytest.fixture
def stranger(rival, live_worker):
    visit = Visit(rival)
    with visit.client:
        yield visit


@pytest.fixture
def member(visit):
    return make_member(visit.shop.tenant)


def write(visit, member, text, *, private=False):
    with visit.shop.scope():
        conversation = engine.team_conversation(visit.conversation_id)
        return engine.post_reply(conversation, member, text=text, private=private)


def test_history_shows_the_messages_without_the_teams_notes(visit, member):
    write(visit, member, "Careful, this one complains.", private=True)
    write(visit, member, "Hello, I am a person.")

    page = visit.client.get(visit.path("messages")).json()

    assert [item["author"]["kind"] for item in page["results"]] == [
        "agent",
        "system",
        "assistant",
        "visitor",
    ]
    assert page["results"][0]["text"] == "Hello, I am a person."
    assert (page["nextCursor"], page["hasMore"]) == (None, False)
    assert "complains" not in visit.client.get("conversations").text
    assert "complains" not in visit.client.get(visit.path("events")).text


def test_long_histories_come_in_pages(visit, member):
    for number in range(60):
        write(visit, member, f"line {number}")

    first = visit.client.get(visit.path("messages")).json()
    second = visit.client.get(visit.path("messages"), params={"cursor": first["nextCursor"]}).json()

    seqs = [item["seq"] for item in first["results"] + second["results"]]
    assert seqs == list(range(len(seqs), 0, -1))
    assert (first["hasMore"], second["hasMore"]) == (True, False)


@pytest.mark.parametrize("cursor", ["x", "%00", "é", "a" * 5000, "MTIz'", "LTk5OTk5OTk5OTk5OTk5"])
@pytest.mark.parametrize("what", ["conversations", "messages"])
def test_a_cursor_that_is_not_ours_is_refused_or_harmless(visit, what, cursor):
    path = what if what == "conversations" else visit.path(what)

    answer = visit.client.get(path, params={"cursor": cursor})

    assert answer.status_code in (200, 400)


def test_only_the_sessions_own_conversations_are_listed(visit):
    other = Visit(visit.shop, "other")
    other.client.close()

    (only,) = visit.client.get("conversations").json()["results"]

    assert only["id"] == visit.conversation_id
    assert only["status"] == "open"
    assert only["lastMessage"]["author"] == "assistant"
    assert "contact_data" not in only


READS = ["messages", "events", "read", "end", "handover"]


@pytest.mark.parametrize("name", READS)
def test_conversations_of_others_do_not_exist(visit, stranger, name):
    neighbour = Visit(visit.shop, "neighbour")
    neighbour.client.close()
    method = "GET" if name in ("messages", "events") else "POST"
    unknown = [
        stranger.conversation_id,
        neighbour.conversation_id,
        str(uuid.uuid4()),
        "conv-456",
        "%00",
        "x" * 400,
        "' or 1=1",
    ]

    answers = [visit.client.request(method, f"conversations/{each}/{name}") for each in unknown]

    assert {answer.status_code for answer in answers} == {404}
    with neighbour.shop.scope():
        found = Conversation.objects.get(pk=neighbour.conversation_id)
        assert (found.status, found.owner, found.visitor_read_seq) == ("open", "bot", 0)


PATHS = ["conversations", "messages", "events", "read", "end", "handover", "contact", "attachments"]


@pytest.mark.parametrize("name", PATHS)
def test_the_secret_is_required_everywhere(visit, stranger, name):
    path = visit.path(name) if name in READS else name
    method = "GET" if name in ("conversations", "messages", "events") else "POST"
    other_bubble = make_bubble(visit.shop, name="Other")

    for secret in ("", "ss_wrong", stranger.secret):
        with visit.shop.client(secret=secret) as client:
            answer = client.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (401, "invalid_session_secret")
    with visit.shop.client(secret=visit.secret, token=visit.shop.token_of(other_bubble)) as client:
        assert client.request(method, path).status_code == 401
    with visit.shop.client(secret=visit.secret, token="") as client:
        assert client.request(method, path).status_code == 401


def test_events_are_the_sockets_without_a_gap(visit):
    everything = visit.client.get(visit.path("events")).json()
    later = visit.client.get(visit.path("events"), params={"after": 1}).json()

    ids = [event["id"] for event in everything["results"]]
    assert ids == list(range(1, len(ids) + 1))
    assert everything["results"][0]["type"] == "message:new"
    assert everything["lastEventId"] == ids[-1]
    assert everything["hasMore"] is False
    assert later["results"] == everything["results"][1:]
    nothing = visit.client.get(visit.path("events"), params={"after": ids[-1]}).json()
    assert nothing == {"results": [], "lastEventId": ids[-1], "hasMore": False}


def test_whoever_asks_for_events_that_are_gone_starts_afresh(visit):
    with visit.shop.scope():
        Event.objects.filter(audience="visitor", seq=1).delete()

    for after in ("0", "999"):
        answer = visit.client.get(visit.path("events"), params={"after": after}).json()
        assert [event["type"] for event in answer["results"]] == ["resync"]


@pytest.mark.parametrize("after", ["-1", "x", "1e3", "²", "9" * 30, ""])
def test_after_must_be_a_number(visit, after):
    answer = visit.client.get(visit.path("events"), params={"after": after})

    assert answer.status_code == 400


def test_reading_is_noted_and_never_goes_back(visit):
    for body in ({"seq": 2}, {"seq": 1}, {"seq": 999}, {}):
        assert visit.client.post(visit.path("read"), json=body).json() == {"success": True}

    with visit.shop.scope():
        conversation = Conversation.objects.get(pk=visit.conversation_id)
        assert conversation.visitor_read_seq == conversation.message_seq == 2


def test_the_visitor_ends_the_conversation(visit):
    ended = visit.client.post(visit.path("end")).json()
    again = visit.client.post(visit.path("end"))

    assert ended["conversation"]["status"] == "resolved"
    assert again.status_code == 200
    with visit.shop.scope():
        assert Message.objects.filter(author_kind="system").count() == 1


def test_the_visitor_asks_for_a_person_once(visit):
    first = visit.client.post(visit.path("handover")).json()
    second = visit.client.post(visit.path("handover")).json()

    assert first["conversation"]["owner"] == second["conversation"]["owner"] == "waiting"
    with visit.shop.scope():
        line = Message.objects.get(author_kind="system")
        assert line.text.startswith("Nobody of our team is here right now. Leave a message")
        summary = Conversation.objects.get(pk=visit.conversation_id).handover_summary
        assert summary.startswith("The visitor wrote:\n- ")
    answer = visit.client.post("chat", json={"sessionId": "visitor", "message": "Hello?"}).json()
    assert answer["metadata"]["handledBy"] == "human"


def test_who_waits_may_ask_the_assistant_again_until_a_person_has_answered(visit):
    visit.client.post(visit.path("handover"))
    first = visit.client.post(visit.path("assistant")).json()
    again = visit.client.post(visit.path("assistant")).json()

    assert first["conversation"]["owner"] == again["conversation"]["owner"] == "bot"
    with visit.shop.scope():
        last = Message.objects.filter(author_kind="system").latest("seq")
        assert last.text == "The assistant answers you again."
    answer = visit.client.post("chat", json={**QUESTION, "sessionId": "visitor"}).json()
    assert "handledBy" not in answer["metadata"]

    visit.client.post(visit.path("handover"))
    member = make_member(visit.shop.tenant)
    with visit.shop.scope():
        conversation = engine.team_conversation(visit.conversation_id)
        engine.post_reply(conversation, member, text="Hello!")
    refused = visit.client.post(visit.path("assistant"))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_waiting")


def test_nobody_is_asked_for_in_an_ended_conversation(visit):
    visit.client.post(visit.path("end"))

    answer = visit.client.post(visit.path("handover"))

    assert (answer.status_code, answer.json()["code"]) == (409, "conversation_closed")


def test_who_the_visitor_says_they_are_is_noted_and_nothing_is_told(visit):
    with visit.shop.scope():
        known = Contact.objects.create(
            tenant=visit.shop.tenant, email="ann@example.org", name="Ann", phone="+4711"
        )
    answer = visit.client.post(
        "contact", json={"email": "Ann@Example.org", "attributes": {"plan": "gold"}}
    )

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    with visit.shop.scope():
        assert Conversation.objects.get(pk=visit.conversation_id).contact_id == known.id
    assert "+4711" not in visit.client.get("conversations").text


@pytest.mark.parametrize(
    "body",
    [
        {"email": "not an address"},
        {"email": "a" * 250 + "@example.org"},
        {"name": "x" * 201},
        {"phone": "1" * 41},
        {"name": 5},
        {"attributes": []},
        {"attributes": {"x": "y" * 9000}},
    ],
)
def test_a_contact_that_makes_no_sense_is_refused(visit, body):
    assert visit.client.post("contact", json=body).status_code == 400
    with visit.shop.scope():
        assert Contact.objects.get().name == ""
