"""What Blits' REST API does, with the worker's and the team's part played by hand."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from limits import RateLimitItemPerMinute

from assistants.models import Budget
from assistants.versions import create_version, publish
from conversations import engine, visitor_queries
from conversations.erasing import erase_history
from conversations.models import Attachment, Conversation, Message, Turn, VisitorSession
from realtime.models import Event
from tenants import credentials, limits
from tenants.models import Credential
from tests.factories import make_member
from tests.gateways.blits.rest.client import (
    FORM,
    Blits,
    answered,
    asking,
    form,
    reply,
    verb,
)
from tests.gateways.blits.tokens import api_token, bubble_token
from tests.widgets.files import HTML, PNG, TEXT
from widgets.bubbles import create_bubble

PAGE = {"origin": "https://shop.example", "user_agent": "Firefox"}
EXPIRED = "conversationId expired. Initialize a new conversation"


pytestmark = pytest.mark.usefixtures("rival", "no_turn_is_left")


@pytest.fixture
def server(shop):
    return Blits(api_token(shop))


@pytest.fixture
def page(shop):
    """A page that shows the bubble; it has no session yet."""
    return Blits(bubble_token(shop), **PAGE)


def stored(shop):
    with shop.scope():
        models = (Conversation, Message, Turn, VisitorSession, Event, Attachment)
        rows = {model.__name__: model.objects.count() for model in models}
    folder = Path(default_storage.location) / "attachments" / str(shop.tenant.id)
    return {**rows, "files": len(list(folder.glob("*")))}


def impatient(settings):
    """Nobody waits any longer than it takes to look once."""
    settings.CHAT_WAIT_SECONDS = 0


def refused(answer, status, conversation_id=None, *, active=False):
    assert answer.status == status, answer.content
    body = answer.json()
    assert body.keys() == {"error", "errorHint", "active", "conversationId"}
    assert body["error"]
    assert (body["active"], body["conversationId"]) == (active, conversation_id)
    return body


def test_a_conversation_is_begun_and_told_as_the_reference_tells_it(shop, server):
    answer = server.post("initialize", {"userId": "user-123", "setCurrentLanguageTo": "en"})

    body = answer.json()
    with shop.scope():
        (conversation,) = Conversation.objects.all()
    assert answer.status == 200
    assert body == {
        "conversationId": str(conversation.id),
        "botId": str(shop.assistant.id),
        "userId": "user-123",
        "currentLanguage": "en",
        "availableLanguages": ["en"],
        "channel": "externalApi",
        "chatHistory": [],
    }
    assert conversation.channel == "blits"


def test_a_body_is_optional_and_somebody_unnamed_is_named(server):
    first, second = [(server.post("initialize")).json() for _ in range(2)]

    assert first["userId"]
    assert first["userId"] != second["userId"]


def test_a_message_is_answered(shop, server):
    ours = server.begin()

    answer = answered(shop, "We open at nine.", server.say, ours, language="EN")

    with shop.scope():
        message = Message.objects.get(author_kind="assistant")
    assert answer.status == 200
    assert answer.json() == {
        "conversationToken": ours,
        "expectUserResponse": True,
        "response": ["We open at nine."],
        "language": "en",
        "messageId": str(message.id),
    }


def test_the_opening_message_is_said_once_and_told_again_until_something_follows(shop, server):
    ours = server.begin()
    wish = {"type": "NEW", "language": "EN"}
    path = f"messages/{ours}/text"

    told = [(server.post(path, wish)).json()["response"] for _ in range(2)]
    reply = answered(shop, "Nine.", server.say, ours, "When?")
    later = (server.post(path, wish)).json()

    assert told == [["Hello! What would you like to know?"]] * 2
    assert reply.json()["response"] == ["Nine."]
    assert (later["response"], later["messageId"]) == ([], None)
    assert stored(shop)["Message"] == 3


def test_a_message_beside_the_wish_for_the_opening_is_answered_too(shop, server):
    ours = server.begin()

    answer = answered(shop, "Nine.", server.say, ours, "When?", type="NEW")

    assert answer.json()["response"] == ["Hello! What would you like to know?", "Nine."]


def test_going_on_tells_the_history_which_is_not_told_again(shop, server):
    ours = server.begin(userId="kim")
    answered(shop, "Nine.", server.say, ours, "When?")
    verb(shop, ours, engine.post_reply, member(shop), text="Kim here.")

    again = (server.post("initialize", {"conversationId": ours, "userId": "kim"})).json()
    answer = (server.say(ours, "Fine.")).json()

    assert (again["conversationId"], again["userId"]) == (ours, "kim")
    assert [(one["type"], one["message"]) for one in again["chatHistory"]] == [
        ("user", "When?"),
        ("bot", "Nine."),
        ("bot", "Agent joined the conversation."),
        ("bot", "Kim here."),
    ]
    assert answer["response"] == []


def member(shop):
    return make_member(shop.tenant)


def test_another_language_is_spoken_from_then_on(shop, server):
    def speak():
        with shop.scope():
            publish(create_version(shop.assistant, languages=["en", "de"]))

    speak()
    ours = server.begin()

    named = (
        server.post("initialize", {"conversationId": ours, "setCurrentLanguageTo": "DE"})
    ).json()

    assert (named["currentLanguage"], named["availableLanguages"]) == ("de", ["en", "de"])
    answer = answered(shop, "Um neun.", server.say, ours, "Wann?")
    assert answer.json()["language"] == "de"


def test_a_persons_words_come_first_in_the_next_response(shop, server):
    ours = server.begin()
    answered(shop, "Nine.", server.say, ours, "When?")
    kim = member(shop)
    verb(shop, ours, engine.post_reply, kim, text="A note.", private=True)
    verb(shop, ours, engine.post_reply, kim, text="Kim here.")

    held = (server.say(ours, "Really?")).json()
    verb(shop, ours, engine.post_reply, kim, text="Yes.")
    verb(shop, ours, engine.give_back)
    back = answered(shop, "At nine.", server.say, ours, "When?").json()

    assert held["response"] == ["Agent joined the conversation.", "Kim here."]
    assert held["expectUserResponse"] is False
    assert back["response"] == ["Yes.", "At nine."]
    assert back["expectUserResponse"] is True


def test_where_much_was_said_the_latest_is_told_and_the_answer_in_any_case(
    shop, server, monkeypatch
):
    monkeypatch.setattr(visitor_queries, "UNSEEN_AT_ONCE", 3)
    ours = server.begin()
    path, said, kim = f"messages/{ours}/text", {"message": "When?"}, member(shop)
    for number in range(4):
        verb(shop, ours, engine.post_reply, kim, text=f"Reply {number}.")
    verb(shop, ours, engine.give_back)

    first = answered(shop, "Nine.", server.post, path, said, idempotency_key="k").json()
    for number in range(4, 8):
        verb(shop, ours, engine.post_reply, kim, text=f"Reply {number}.")
    again = server.post(path, said, idempotency_key="k").json()

    assert first["response"] == ["Reply 2.", "Reply 3.", "Nine."]
    with shop.scope():
        assert first["messageId"] == str(Message.objects.get(text="Nine.").id)
    assert again["response"] == ["Nine.", "Reply 5.", "Reply 6.", "Reply 7."]


def test_whoever_waits_hears_that_a_person_took_over(shop, server):
    ours = server.begin()
    kim = member(shop)
    with asking(server.say, ours, "Anybody?") as asked:
        wait_for_messages(shop, 1)
        verb(shop, ours, engine.take_over, kim)

    body = asked.result().json()
    assert body["response"] == ["Agent joined the conversation."]
    assert body["expectUserResponse"] is False


def test_an_answer_that_never_comes_times_out_and_a_late_one_comes_next(shop, server, settings):
    ours = server.begin()
    impatient(settings)

    late = server.say(ours, "When?")
    assert reply(shop, "At nine.")
    settings.CHAT_WAIT_SECONDS = 25
    next = answered(shop, "You are welcome.", server.say, ours, "Thanks!")

    body = refused(late, 504, ours, active=True)
    assert body["error"] == "External API timed out"
    assert next.json()["response"] == ["At nine.", "You are welcome."]


def test_two_who_wait_for_one_answer_both_get_it(shop, server):
    ours = server.begin()
    with asking(server.say, ours, "When?") as first:
        wait_for_messages(shop, 1)
        with asking(server.say, ours, "And where?") as second:
            wait_for_messages(shop, 2)
            assert reply(shop, "Nine, here.")

    for one in (first, second):
        assert one.result().json()["response"] == ["Nine, here."]


def wait_for_messages(shop, count):
    while stored(shop)["Message"] < count:
        time.sleep(0.02)


def test_a_repeat_with_the_same_key_is_answered_alike_and_stored_once(shop, server):
    ours = server.begin()
    path, said = f"messages/{ours}/text", {"message": "When?"}
    first = answered(shop, "Nine.", server.post, path, said, idempotency_key="k")

    again = server.post(path, said, idempotency_key="k")
    other = server.post(path, {"message": "Where?"}, idempotency_key="k")

    assert again.json() == first.json()
    refused(other, 409, ours, active=True)
    assert stored(shop)["Message"] == 2


def test_is_active_tells_of_the_end_and_a_message_begins_again(shop, server):
    ours = server.begin()
    answered(shop, "Nine.", server.say, ours, "When?")

    open = server.post(f"is-active/{ours}")
    verb(shop, ours, engine.close)
    closed = server.post(f"is-active/{ours}")
    answered(shop, "Yes?", server.say, ours, "One more thing.")
    again = server.post(f"is-active/{ours}")

    assert open.json() == {"active": True, "conversationId": ours}
    assert closed.json() == {"active": False, "conversationId": ours}
    assert again.json()["active"] is True


def test_what_the_assistant_closes_expects_no_response(shop, server):
    ours = server.begin()
    answered(shop, "Nine.", server.say, ours, "When?")
    kim = member(shop)
    verb(shop, ours, engine.post_reply, kim, text="Bye.")
    verb(shop, ours, engine.close, by="Kim")

    told = (server.post(f"messages/{ours}/text", {"type": "NEW"})).json()

    assert told["response"][-2:] == ["Bye.", "Kim closed the conversation."]
    assert told["expectUserResponse"] is False


@pytest.mark.parametrize("which", ["unknown", "garbage", "expired", "another's"])
def test_a_conversation_that_is_not_there_is_told_so_on_every_address(shop, server, rival, which):
    ours = server.begin()
    if which == "expired":
        let_a_day_pass(shop)
    if which == "unknown":
        ours = "63525c75-7734-44b6-8a65-96d1d16ac06b"
    if which == "garbage":
        ours = "'--"
    if which == "another's":
        server = Blits(api_token(rival))
    before = stored(shop)

    found = [
        server.post("initialize", {"conversationId": ours}),
        server.post(f"is-active/{ours}"),
        server.say(ours),
        server.send(ours, [("a.png", PNG)]),
        server.post(f"messages/{ours}/speech", body=b"RIFF", content_type="audio/wav"),
        server.get(f"messages/{ours}/{ours}"),
    ]

    for answer in found:
        body = refused(answer, 404, ours)
        assert body["errorHint"] == EXPIRED
    assert stored(shop) == before


def let_a_day_pass(shop):
    with shop.scope():
        Conversation.objects.update(updated_at=datetime.now(UTC) - timedelta(hours=25))


def test_files_are_taken_with_or_without_words(shop, server):
    ours = server.begin()

    files = [("a.png", PNG), ("b.txt", TEXT)]
    first = answered(shop, "Thanks.", server.send, ours, files)
    look = {"message": "Look!", "language": "en"}
    second = answered(shop, "Nice.", server.send, ours, [("c.png", PNG)], **look)

    assert (first.json()["response"], second.json()["response"]) == (["Thanks."], ["Nice."])
    with shop.scope():
        sent = Message.objects.filter(author_kind="visitor").order_by("seq")
        assert [(m.text, [a.name for a in m.attachments.order_by("id")]) for m in sent] == [
            ("", ["a.png", "b.txt"]),
            ("Look!", ["c.png"]),
        ]


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("a.html", HTML)], 415),
        ([("a.png", PNG), ("b.html", HTML)], 415),
        ([("a.png", b"")], 400),
        ([("a.png", PNG)] * 11, 400),
        ([("a.png", PNG + bytes(10 * 1024 * 1024))], 413),
        ([("a.png", bytes(12 * 1024 * 1024))], 413),
        ([], 400),
    ],
)
def test_a_file_that_is_refused_leaves_nothing(shop, server, files, status):
    ours = server.begin()
    before = stored(shop)

    answer = server.send(ours, files)

    # The server's edge has not looked which conversation is meant.
    by_edge = sum(len(content) for _, content in files) > 11 * 1024 * 1024
    refused(answer, status, None if by_edge else ours, active=not by_edge)
    assert stored(shop) == before


def test_a_bubble_that_takes_no_files_says_so(shop, page):
    def refuse_files():
        with shop.scope():
            shop.bubble.file_upload = False
            shop.bubble.save()

    refuse_files()
    begun = (page.post("initialize")).json()
    mine = Blits(bubble_token(shop), **PAGE, x_session_secret=begun["sessionSecret"])

    answer = mine.send(begun["conversationId"], [("a.png", PNG)])

    refused(answer, 400, begun["conversationId"], active=True)


def test_an_assistant_that_takes_no_files_says_so_to_servers(shop, server):
    with shop.scope():
        publish(create_version(shop.assistant, file_sharing=False))
    ours = server.begin()

    refused(server.send(ours, [("a.png", PNG)]), 400, ours, active=True)


def test_a_form_that_is_sent_in_chunks_is_read(shop, server):
    ours = server.begin()
    whole = form([("a.png", PNG)], {"message": "Look!"})

    answer = answered(
        shop,
        "Nice.",
        server.request,
        "POST",
        f"messages/{ours}/text",
        {"content-type": FORM},
        chunks=[whole[:50], whole[50:]],
    )

    assert answer.json()["response"] == ["Nice."]


def test_speech_is_refused_but_text_is_answered_to_who_wants_both(shop, server):
    ours = server.begin()
    path = f"messages/{ours}/text"
    before = stored(shop)

    refusals = [
        server.post(f"messages/{ours}/speech", body=b"RIFF", content_type="audio/wav"),
        server.post(path, {"message": "Hi"}, speech_response="true", text_response="false"),
        server.post(path, {"speechData": "UklGRg=="}),
    ]
    assert stored(shop) == before
    both = {"speech_response": "true", "text_response": "true"}
    answer = answered(shop, "Hello.", server.post, path, {"message": "Hi"}, **both)

    for refusal in refusals:
        body = refused(refusal, 400, ours, active=True)
        assert body["error"] == "Speech is not supported"
    assert answer.json()["response"] == ["Hello."]


def test_a_spent_budget_is_told_to_servers_and_leads_pages_to_a_person(shop, server, page):
    def spend():
        with shop.scope():
            publish(create_version(shop.assistant, engine="model"))
            Budget.objects.update_or_create(
                tenant=shop.tenant, defaults={"turns_per_month": 0, "visitor_turns_per_day": 0}
            )

    spend()
    ours = server.begin()
    begun = (page.post("initialize")).json()
    mine = Blits(bubble_token(shop), **PAGE, x_session_secret=begun["sessionSecret"])

    answer = server.say(ours)
    told = (mine.say(begun["conversationId"])).json()

    body = refused(answer, 429, ours, active=True)
    assert answer.headers["retry-after"].isdigit()
    assert "budget" in body["errorHint"]
    assert told["response"] == ["I will ask a person of our team to answer you here."]
    assert told["expectUserResponse"] is False
    with shop.scope():
        assert Message.objects.filter(conversation=ours).count() == 0


def test_who_asks_too_often_is_told_when_to_come_again(shop, server, settings):
    ours = server.begin()
    impatient(settings)
    for _ in range(20):
        refused(server.say(ours), 504, ours, active=True)
    before = stored(shop)

    answer = server.say(ours)

    body = refused(answer, 429, ours, active=True)
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert body["errorHint"].startswith("Try again in")
    assert stored(shop) == before


def test_a_message_is_looked_up_by_servers_alone(shop, server, page):
    ours = server.begin()
    answer = answered(shop, "Nine.", server.say, ours, "When?").json()
    kim = member(shop)
    note = verb(shop, ours, engine.post_reply, kim, text="Note.", private=True)
    said = server.get(f"messages/{ours}/{answer['messageId']}")

    body = said.json()
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "messageId": answer["messageId"],
        "conversationId": ours,
        "type": "bot",
        "message": "Nine.",
        "language": "en",
        "intents": [],
        "entities": [],
        "sources": [],
        "feedback": None,
    }
    for unknown in (str(note.id), ours, "text", "null"):
        found = server.get(f"messages/{ours}/{unknown}")
        if unknown != "text":
            refused(found, 404, ours, active=True)
    begun = (page.post("initialize")).json()
    mine = Blits(bubble_token(shop), **PAGE, x_session_secret=begun["sessionSecret"])
    refused(mine.get(f"messages/{begun['conversationId']}/{ours}"), 403, begun["conversationId"])


def test_erased_words_are_told_nowhere(shop, server):
    ours = server.begin()
    answer = answered(shop, "Nine.", server.say, ours, "When?").json()

    verb(shop, ours, erase_history)

    again = (server.post("initialize", {"conversationId": ours})).json()
    assert again["chatHistory"] == []
    refused(server.get(f"messages/{ours}/{answer['messageId']}"), 404, ours, active=True)
    next = answered(shop, "Ten.", server.say, ours, "And now?")
    assert next.json()["response"] == ["Ten."]


def test_a_bubbles_config_is_its_public_one(shop, server, page, rival):
    theirs = create_bubble(rival.tenant, None, name="Other")
    other = create_bubble(shop.tenant, None, name="Other")

    for one in (server, page):
        body = (one.get(f"settings/{shop.bubble.code}")).json()
        assert (body["code"], body["assistantId"]) == (shop.bubble.code, str(shop.assistant.id))
        for code in (theirs.code, "nothing", str(shop.tenant.id)):
            refused(one.get(f"settings/{code}"), 404)
    assert (server.get(f"settings/{other.code}")).status == 200
    refused(page.get(f"settings/{other.code}"), 404)


def test_a_page_talks_in_the_conversations_of_its_own_session(shop, page):
    begun, other = [(page.post("initialize", {"userId": "kim"})).json() for _ in range(2)]
    ours = begun["conversationId"]
    mine = Blits(bubble_token(shop), **PAGE, x_session_secret=begun["sessionSecret"])
    answered(shop, "Nine.", mine.say, ours, "When?")

    again = (mine.post("initialize", {"conversationId": ours})).json()

    assert begun["userId"] == other["userId"] == "kim"
    assert len(again["chatHistory"]) == 2
    assert "sessionSecret" not in again
    for stranger in (
        Blits(bubble_token(shop), **PAGE, x_session_secret=other["sessionSecret"]),
        Blits(bubble_token(shop), **PAGE, x_session_secret="ss_wrong"),
        Blits(bubble_token(shop), origin="https://other.example"),
    ):
        refused(stranger.post("initialize", {"conversationId": ours}), 404, ours)
        refused(stranger.say(ours), 404, ours)


def test_a_token_that_is_worth_nothing_opens_nothing(shop, server):
    ours = server.begin()
    revoked = credentials.issue(
        shop.tenant, Credential.Kind.API_TOKEN, subject_id=shop.assistant.id
    )
    credentials.revoke(revoked.credential)
    before = stored(shop)

    for token in ("", "garbage", shop.token, revoked.secret):
        for answer in (
            Blits(token).post("initialize"),
            Blits(token).say(ours),
            Blits(token).get("analyze-message?message=Hi"),
            Blits(token).get(f"settings/{shop.bubble.code}"),
        ):
            body = refused(answer, 401, answer.json()["conversationId"])
            assert answer.headers["www-authenticate"] == "Bearer"
            assert body["errorHint"]
    assert stored(shop) == before


def test_a_page_that_the_bubble_does_not_list_is_refused(shop):
    def guard():
        with shop.scope():
            shop.bubble.origins = ["https://shop.example"]
            shop.bubble.save()

    guard()

    refused(Blits(bubble_token(shop), origin="https://evil.example").post("initialize"), 403)
    assert (Blits(bubble_token(shop), **PAGE).post("initialize")).status == 200


def test_pages_may_read_the_answers_and_are_told_what_they_may_send(shop, page):
    asked = Blits(origin="https://shop.example", access_control_request_method="POST").request(
        "OPTIONS", "initialize"
    )
    answer = page.post("initialize")
    refusal = Blits("garbage", **PAGE).post("initialize")

    assert asked.status == 204
    assert {"authorization", "content-type", "speech-response", "x-session-secret"} <= set(
        asked.headers["access-control-allow-headers"].split(", ")
    )
    for one in (asked, answer, refusal):
        assert one.headers["access-control-allow-origin"] == "https://shop.example"
        assert "access-control-allow-credentials" not in one.headers


def test_limits_of_analyses_are_the_tenants(shop, server, monkeypatch):
    monkeypatch.setattr(limits, "ANALYSES", limits.Limit("a", RateLimitItemPerMinute(1)))
    limits.hit(limits.ANALYSES, shop.tenant.id)

    refused(server.get("analyze-message?message=Hello"), 429)


def test_a_page_that_does_not_prove_its_session_is_shown_no_history(shop):
    page = Blits(bubble_token(shop), origin="https://shop.example", user_agent="Firefox")
    first = page.post("initialize", {}).json()
    answered(shop, "Keep it secret.", page.say, first["conversationId"], "my card is 1234")
    known = {"conversationId": first["conversationId"]}

    unproved = page.post("initialize", known).json()
    by_body = page.post("initialize", {**known, "sessionSecret": first["sessionSecret"]}).json()
    by_header = page.post("initialize", known, x_session_secret=first["sessionSecret"]).json()

    assert (unproved["conversationId"], unproved["chatHistory"]) == (first["conversationId"], [])
    assert len(by_body["chatHistory"]) == 2
    assert by_header["chatHistory"] == by_body["chatHistory"]


def test_an_address_may_have_the_slash_of_its_root_and_its_own(shop):
    client = Blits(api_token(shop))

    assert client.post("/api/external//initialize", {}).json()["chatHistory"] == []


def test_a_page_that_does_not_prove_its_session_is_told_only_what_follows_its_message(shop, page):
    begun = page.post("initialize", {}).json()
    ours, kim = begun["conversationId"], member(shop)
    answered(shop, "Nine.", page.say, ours, "When?")
    verb(shop, ours, engine.post_reply, kim, text="Your card is 1234.")

    unproved = page.say(ours, "Hello?").json()
    opening = page.post(f"messages/{ours}/text", {"type": "NEW"}).json()
    verb(shop, ours, engine.give_back)
    back = answered(shop, "At nine.", page.say, ours, "When?").json()
    with shop.scope():
        seen = Conversation.objects.get(pk=ours).visitor_read_seq
    mine = Blits(bubble_token(shop), **PAGE, x_session_secret=begun["sessionSecret"])
    proved = answered(shop, "Bye.", mine.say, ours, "Bye").json()

    assert (unproved["response"], opening["response"], back["response"]) == ([], [], ["At nine."])
    assert seen == 0
    assert "Your card is 1234." in proved["response"]
