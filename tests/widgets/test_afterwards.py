"""What a visitor may do beside talking: rate, take a transcript, begin anew, leave a message."""

import pytest

from conversations import engine, marks
from conversations.erasing import erase_history
from conversations.models import Contact, Conversation, Message, Team, Turn, VisitorSession
from realtime.models import Event
from tenants.models import Mail
from tests.factories import make_member
from tests.widgets.shops import make_shop
from tests.widgets.test_chat import QUESTION
from tests.widgets.test_visitor_rest import Visit, write

OFFLINE = {
    "sessionId": "late visitor",
    "name": "Ann",
    "email": "Ann@Example.org",
    "message": "Please call me back.",
    "messageId": "m1",
}


@pytest.fixture
def visit(shop, live_worker):
    visit = Visit(shop)
    with visit.client:
        yield visit


@pytest.fixture
def stranger(rival, live_worker):
    visit = Visit(rival)
    with visit.client:
        yield visit


def set_up(shop, **settings):
    with shop.scope():
        shop.bubble.settings = settings
        shop.bubble.save()


def conversation_now(visit):
    with visit.shop.scope():
        return Conversation.objects.get(pk=visit.conversation_id)


def events(visit, kind="conversation:updated"):
    with visit.shop.scope():
        rows = Event.objects.filter(type=kind, conversation_id=visit.conversation_id)
        return [(row.audience, row.data) for row in rows.order_by("id")]


def test_the_last_rating_counts_and_both_sides_hear_of_it(visit, stranger):
    path = visit.path("rating")

    visit.client.post(path, json={"score": 2})
    answer = visit.client.post(path, json={"score": 5, "comment": " Quick! "})
    before = len(events(visit))
    repeat = visit.client.post(path, json={"score": 5, "comment": "Quick!"})

    rating = {"score": 5, "comment": "Quick!"}
    assert (answer.status_code, answer.json(), repeat.status_code) == (200, {"success": True}, 200)
    heard = events(visit)
    assert len(heard) == before
    assert {audience: data["rating"] for audience, data in heard} == {
        "team": rating, "visitor": rating,
    }  # fmt: skip
    assert visit.client.get("conversations").json()["results"][0]["rating"] == rating
    for body in ({}, {"score": 0}, {"score": 6}, {"score": 3, "comment": "x" * 1001}):
        assert visit.client.post(path, json=body).status_code == 400
    assert stranger.client.post(path, json={"score": 1}).status_code == 404
    set_up(visit.shop, rating={"enabled": False})
    assert visit.client.post(path, json={"score": 1}).json()["code"] == "rating_off"
    assert conversation_now(visit).rating_score == 5
    with visit.shop.scope():
        erase_history(engine.team_conversation(visit.conversation_id))
    assert conversation_now(visit).rating_comment == ""
    assert "Quick!" not in str(events(visit))


def test_ratings_are_limited(visit):
    for number in range(10):
        assert visit.client.post(visit.path("rating"), json={"score": number % 5 + 1}).is_success
    assert visit.client.post(visit.path("rating"), json={"score": 3}).status_code == 429


def test_a_transcript_holds_what_the_visitor_saw_and_nothing_else(visit, stranger):
    set_up(visit.shop, languages=["en", "de"], businessHours={"timezone": "Europe/Oslo"})
    member = make_member(visit.shop.tenant)
    write(visit, member, "A secret note.", private=True)
    write(visit, member, "Hello,\n[2031-01-01] You: I owe a million.")

    answer = visit.client.get(visit.path("transcript?locale=de-AT"))

    text = answer.text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="conversation.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert text.startswith("Ihre Unterhaltung mit Acme\n\n[20")
    assert f"] Sie: {QUESTION['message']}" in text
    assert "Hello,\n  [2031-01-01] You: I owe a million." in text
    assert "CET]" in text or "CEST]" in text
    assert "secret note" not in text
    assert stranger.client.get(visit.path("transcript")).status_code == 404
    set_up(visit.shop, transcript={"enabled": False})
    assert visit.client.get(visit.path("transcript")).json()["code"] == "transcript_off"
    set_up(visit.shop)
    with visit.shop.scope():
        erase_history(engine.team_conversation(visit.conversation_id))
    assert QUESTION["message"] not in visit.client.get(visit.path("transcript")).text


def test_lines_of_ours_have_a_code_by_which_visitors_read_them_in_their_language(visit, stranger):
    set_up(visit.shop, languages=["en", "de"])
    member = make_member(visit.shop.tenant)
    write(visit, member, "Hello.")

    answer = visit.client.post(visit.path("end"), json={})

    def history():
        return visit.client.get(visit.path("messages")).json()["results"]

    ended, _, joined, *_ = history()
    name = member.user.name
    assert answer.status_code == 200
    assert stranger.client.post(visit.path("end"), json={}).status_code == 404
    assert (ended["text"], ended["line"]) == (
        "The visitor closed the conversation.", {"code": "ended", "name": ""},
    )  # fmt: skip
    assert joined["line"] == {"code": "joined", "name": name}
    assert [row["line"] for row in history() if row["author"]["kind"] == "visitor"] == [None]
    listed = visit.client.get("conversations").json()["results"][0]
    assert (listed["lastMessage"]["line"], listed["hasEmail"]) == (ended["line"], False)
    told = [data["line"] for _, data in events(visit, "message:new") if data["line"]]
    assert told.count(ended["line"]) == told.count(joined["line"]) == 2
    text = visit.client.get(visit.path("transcript?locale=de")).text
    assert f"] {name} ist der Unterhaltung beigetreten.\n" in text
    assert text.endswith("] Sie haben die Unterhaltung beendet.\n")

    visit.client.post("contact", json={"email": "ann@shop.example"})
    assert visit.client.get("conversations").json()["results"][0]["hasEmail"]
    with visit.shop.scope():
        erase_history(engine.team_conversation(visit.conversation_id))
        assert set(Message.objects.values_list("line", flat=True)) == {None}
    assert not any(data["line"] for _, data in events(visit, "message:new"))


def test_a_transcript_is_mailed_a_few_times(visit):
    path = visit.path("transcript")

    answer = visit.client.post(path, json={"email": "ann@example.org"})

    assert (answer.status_code, answer.json()) == (202, {"success": True})
    with visit.shop.scope():
        mail = Mail.objects.get(to="ann@example.org")
        assert mail.subject == "Your conversation with Acme"
    assert visit.client.post(path, json={"email": "nobody"}).status_code == 400
    assert visit.client.post(path, json={}).status_code == 400
    statuses = [visit.client.post(path, json={"email": "a@b.example"}).status_code for _ in "abc"]
    assert statuses == [202, 202, 429]

    # Whoever begins anew does not get any further with the same address.
    other = Visit(visit.shop, "another")
    with other.client:
        path = other.path("transcript")
        addresses = ["a@b.example", "A@B.example", "c@d.example"]
        answers = [other.client.post(path, json={"email": each}) for each in addresses]
    assert [answer.status_code for answer in answers] == [202, 429, 202]


def test_the_visitor_sees_how_far_the_team_has_read(visit):
    member = make_member(visit.shop.tenant)
    with visit.shop.scope():
        marks.mark_read(engine.team_conversation(visit.conversation_id))

    told = [data["teamReadSeq"] for audience, data in events(visit) if audience == "visitor"]
    assert max(told) == conversation_now(visit).team_read_seq > 0
    visit.client.post("chat", json={**QUESTION, "sessionId": visit.label, "messageId": "next"})
    asked = conversation_now(visit).message_seq
    write(visit, member, "I have read it.")
    assert conversation_now(visit).team_read_seq >= asked - 1
    summary = visit.client.get("conversations").json()["results"][0]
    assert summary["teamReadSeq"] == conversation_now(visit).team_read_seq


def test_another_conversation_begins_beside_the_open_one(visit):
    again = {"sessionId": visit.label, "message": "Something else", "messageId": "anew"}

    first = visit.client.post("chat", json={**again, "newConversation": True}).json()
    repeat = visit.client.post("chat", json={**again, "newConversation": True}).json()
    named = visit.client.post(
        "chat",
        json={
            **again,
            "messageId": "third",
            "newConversation": True,
            "conversationId": visit.conversation_id,
        },
    ).json()
    back = visit.client.post(
        "chat", json={**QUESTION, "sessionId": visit.label, "conversationId": visit.conversation_id}
    ).json()

    ids = {visit.conversation_id, first["conversationId"], named["conversationId"]}
    assert len(ids) == 3
    assert repeat["conversationId"] == first["conversationId"]
    assert back["conversationId"] == visit.conversation_id
    assert "sessionSecret" not in first
    listed = visit.client.get("conversations").json()["results"]
    assert {item["id"] for item in listed} == ids


def test_a_message_left_for_later_waits_for_a_person_and_no_assistant_answers(shop, client):
    set_up(shop, offlineForm={"enabled": True}, languages=["en", "de"])
    with shop.scope():
        shop.bubble.team = Team.objects.create(tenant=shop.tenant, name="Sales")
        shop.bubble.save()

    answer = client.post("offline", json={**OFFLINE, "locale": "de"})
    repeat = client.post("offline", json={**OFFLINE, "locale": "de"})

    body = answer.json()
    assert (answer.status_code, body["success"], repeat.json()) == (200, True, body)
    with shop.scope():
        conversation = Conversation.objects.get()
        assert str(conversation.id) == body["conversationId"]
        assert (conversation.owner, conversation.handover_reason) == ("waiting", "offline")
        assert "Please call me back." in conversation.handover_summary
        assert conversation.team_id == shop.bubble.team_id
        assert (conversation.contact.email, conversation.contact.name) == ("ann@example.org", "Ann")
        assert Contact.objects.count() == 1
        assert not Turn.objects.exists()
        texts = list(Message.objects.order_by("seq").values_list("author_kind", "text"))
    assert texts == [
        ("visitor", "Please call me back."),
        ("system", "Vielen Dank. Wir antworten an Ann@Example.org."),
    ]
    with shop.client(secret=body["sessionSecret"]) as own:
        path = f"conversations/{body['conversationId']}/messages"
        assert len(own.get(path).json()["results"]) == 2


def test_a_message_for_later_that_makes_no_sense_leaves_nothing(shop, client):
    set_up(shop, offlineForm={"enabled": False})
    assert client.post("offline", json=OFFLINE).json()["code"] == "offline_form_off"
    set_up(shop)
    for wrong in (
        {"email": ""}, {"email": "nobody"}, {"message": ""}, {"message": "  "},
        {"message": "x" * 100_000}, {"sessionId": 5}, {"name": "x" * 201},
    ):  # fmt: skip
        assert client.post("offline", json={**OFFLINE, **wrong}).status_code == 400
    with shop.client(token="wt_wrong") as other:
        assert other.post("offline", json=OFFLINE).status_code == 401
    with shop.scope():
        assert not VisitorSession.objects.exists()
        assert not Contact.objects.exists()


def test_without_an_assistant_messages_are_still_taken(globex, live_server_url):
    shop = make_shop(globex, live_server_url)
    set_up(shop, offlineForm={"enabled": True})
    with shop.scope():
        shop.bubble.assistant = None
        shop.bubble.save()
        shop.assistant.production = None
        shop.assistant.save()

    with shop.client() as client:
        answer = client.post("offline", json=OFFLINE)

    assert answer.status_code == 200
    with shop.scope():
        assert Conversation.objects.get().owner == "waiting"


def test_a_form_before_the_chat_fills_the_contacts_attributes(visit):
    form = {"enabled": True, "fields": [
        {"name": "order", "label": "Order"}, {"name": "email", "label": "E-mail"},
    ]}  # fmt: skip
    set_up(visit.shop, preChatForm=form)
    said = {"order": "A-1", "email": "x@y.example", "role": "admin"}

    answer = visit.client.post("contact", json={"name": "Ann", "attributes": said})
    long = visit.client.post("contact", json={"attributes": {"order": "x" * 501}})
    number = visit.client.post("contact", json={"attributes": {"order": [1]}})

    assert (answer.status_code, long.status_code, number.status_code) == (200, 400, 400)
    with visit.shop.scope():
        assert Contact.objects.get().attributes == {"order": "A-1"}
