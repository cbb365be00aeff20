"""Conversations over BlackBox's sockets, whichever way they go."""

import time
from datetime import UTC, datetime

import pytest

from assistants.models import Assistant, Budget
from assistants.queries import default_assistant
from assistants.versions import create_version
from conversations import engine
from conversations.models import Conversation, Turn
from realtime.ephemeral import whisper
from tenants import credentials
from tests.dashboard.team import team_events
from tests.factories import make_assistant
from tests.gateways.blackbox.places import QUESTION, Place

ANSWER = "We open at nine."


@pytest.fixture
def quiet(acme, live_server_url):
    """A place whose assistant nobody works for: what it is asked stays unanswered."""
    return Place(acme, live_server_url)


# Who may come in.


MISSING, INVALID = ("Missing token", 4401), ("Invalid token", 4401)


def test_without_its_credential_a_socket_is_closed(quiet):
    for dev, query, expected in [
        (False, "", MISSING),
        (False, "token=", MISSING),
        (False, f"authorization={quiet.token}", MISSING),
        (False, "token=nonsense", INVALID),
        (False, "token=wi_%00%ff", INVALID),
        (False, f"token={quiet.key}", INVALID),
        (True, "", MISSING),
        (True, f"token={quiet.key}", MISSING),
        (True, "authorization=sk_nonsense", INVALID),
        (True, f"authorization={quiet.token}", INVALID),
    ]:
        with quiet.socket(dev=dev, query=query) as client:
            assert client.refused() == expected, query


def test_a_server_may_write_bearer_before_its_key(quiet):
    with quiet.chat(dev=True, query=f"authorization=Bearer%20{quiet.key}") as client:
        assert client.record_id


def test_a_key_without_the_scope_opens_nothing(quiet):
    query = f"authorization={quiet.new_key(scopes=['conversations:read'])}"

    with quiet.socket(dev=True, query=query) as client:
        assert client.refused() == ("This key lacks the scope chat.", 4403)


def test_a_suspended_tenant_is_refused(quiet):
    quiet.tenant.suspended_at = datetime.now(UTC)
    quiet.tenant.save()

    for dev in (False, True):
        with quiet.socket(dev=dev) as client:
            assert client.refused() == ("This account is suspended.", 4403)


def test_pages_of_other_origins_are_refused(quiet):
    quiet.change(origins=["https://shop.example"])

    with quiet.socket(origin="https://evil.example") as client:
        assert client.refused() == ("Origin not allowed", 4403)
    with quiet.socket(origin="https://shop.example") as client:
        client.initialize()
        assert client.next()["name"] == "connection"
    with quiet.socket(dev=True, origin="https://shop.example") as client:
        assert client.refused() == ("Origin not allowed", 4403)


def test_a_server_key_may_list_origins(quiet):
    key = quiet.new_key(origins=["https://tool.example"])
    query = f"authorization={key}"

    with quiet.socket(dev=True, query=query, origin="https://tool.example") as client:
        client.initialize()
        assert client.next()["name"] == "connection"


@pytest.mark.parametrize(
    ("fields", "call_type", "expected"),
    [
        ({"allow_web_chat": False}, "chat", ("Web integration is not enabled", 4403)),
        ({}, "webCall", ("Web integration is not enabled", 4403)),
        ({}, "onPhone", ("Web integration is not enabled", 4403)),
        ({"allow_web_call": True}, "webCall", ("Voice calls are not available", 4404)),
    ],
)
def test_what_is_not_switched_on_is_refused(quiet, fields, call_type, expected):
    quiet.change(**fields)
    before = quiet.stored()

    with quiet.socket() as client:
        client.initialize(callType=call_type)
        assert client.refused() == expected
    assert quiet.stored() == before


def test_a_deleted_integration_opens_nothing(quiet):
    with quiet.scope():
        quiet.integration.delete()

    with quiet.socket() as client:
        assert client.refused() == ("Invalid token", 4401)


@pytest.mark.parametrize("dev", [False, True])
def test_a_revoked_credential_closes_its_sockets(quiet, dev):
    with quiet.chat(dev=dev) as client:
        begun = time.monotonic()
        key = credentials.verify(quiet.key, kinds=["api_key"]).credential_id
        credential = quiet.issued.credential
        if dev:
            credential = type(credential).objects.get(pk=key)
        credentials.revoke(credential)

        assert client.refused() == ("Invalid token", 4401)
        assert time.monotonic() - begun < 2


def test_new_sessions_of_one_address_are_limited(quiet):
    quiet.tenant.is_demo = False
    quiet.tenant.save()
    for _ in range(10):
        with quiet.chat():
            pass
    before = quiet.stored()

    with quiet.socket() as client:
        client.initialize()
        assert client.refused() == ("Too many requests; try again later.", 4429)
    assert quiet.stored() == before
    with quiet.chat(dev=True) as server:
        assert server.record_id


# What is said.


def test_a_conversation_is_told_to_the_team_with_its_first_message(quiet, rival):
    with quiet.chat(additionalData={"userId": "user-123", "plan": {"name": "large"}}) as client:
        assert team_events(quiet.tenant) == []
        client.say("Hello?")
        echo = client.until("text")

    assert (echo["content"]["source"], echo["content"]["text"]) == ("user", "Hello?")
    (new, _), *_ = team_events(quiet.tenant)
    assert new == "conversation:new"
    stored = quiet.conversation(client.record_id)
    assert stored.channel == "blackbox"
    assert stored.variables == {"userId": "user-123", "plan": {"name": "large"}}
    assert (stored.contact.attributes, stored.contact.external_id) == ({"userId": "user-123"}, None)
    assert (stored.is_test, stored.labels) == (False, [])
    assert team_events(rival.tenant) == []


def test_two_sockets_of_one_user_are_two_conversations(quiet):
    data = {"userId": "user-123"}
    with quiet.chat(additionalData=data) as first, quiet.chat(additionalData=data) as second:
        first.say("My secret.")
        first.until("text")

        assert second.record_id != first.record_id
        assert second.is_silent()
    with quiet.chat(dev=True, additionalData=data) as server:
        assert server.is_silent()
    with quiet.scope():
        assert Conversation.objects.values("session").distinct().count() == 3


def test_messages_are_stored_once_each_and_in_order(quiet):
    texts = [f"Message {number}" for number in range(10)]
    with quiet.chat() as client:
        for text in texts:
            client.say(text)
        echoes = [client.until("text", source="user")["content"] for _ in texts]

    assert [echo["text"] for echo in echoes] == texts
    assert len({echo["segmentId"] for echo in echoes}) == 10
    assert quiet.texts(client.record_id) == [("visitor", text) for text in texts]


def test_a_server_asks_what_is_staged_and_its_conversations_are_marked(place, live_worker):
    with place.scope():
        create_version(default_assistant(), unanswered_text="The staged version does not know.")
    with place.chat(dev=True) as server, place.chat() as client:
        for each in (server, client):
            each.say("How high is the moon?")
        staged = server.until("text", source="assistant")["content"]["text"]
        published = client.until("text", source="assistant")["content"]["text"]

    assert staged.startswith("The staged version")
    assert not published.startswith("The staged version")
    stored = place.conversation(server.record_id)
    assert (stored.is_test, stored.labels) == (True, ["test"])


def test_a_server_names_the_agent_and_a_page_does_not(quiet):
    with quiet.scope():
        Assistant.objects.update(is_default=False)
    other = make_assistant(quiet.tenant, "Grace")

    with quiet.chat(dev=True, agentId=str(quiet.assistant.id)) as server:
        assert quiet.conversation(server.record_id).assistant_id == quiet.assistant.id
    with quiet.chat(agentId=str(quiet.assistant.id)) as client:
        assert quiet.conversation(client.record_id).assistant_id == other.id
    quiet.change(assistant=quiet.assistant)
    with quiet.chat() as client:
        assert quiet.conversation(client.record_id).assistant_id == quiet.assistant.id


def test_without_an_assistant_there_is_nobody_to_talk_to(quiet):
    with quiet.scope():
        Assistant.objects.update(is_default=False)
    for dev in (False, True):
        with quiet.socket(dev=dev) as client:
            client.initialize()
            assert client.refused() == ("No assistant is configured.", 4404)


def test_a_person_who_takes_over_is_heard_by_name(place, live_worker):
    with place.chat() as client:
        client.say(QUESTION)
        client.until("text", source="assistant")
        place.reply(client.record_id, "Good morning, I am a person.")
        joined = client.until("text")["content"]
        said = client.until("text")["content"]
        client.say("Thank you.")
        echo = client.until("text")["content"]

        assert joined["text"] == "Agent joined the conversation."
        assert (said["source"], said["name"]) == ("assistant", "Agent")
        assert said["text"] == "Good morning, I am a person."
        assert echo["source"] == "user"
        assert client.is_silent()


def test_private_notes_are_not_told(quiet):
    with quiet.chat() as client:
        client.say("Hello?")
        client.until("text")
        quiet.do(engine.post_reply, client.record_id, quiet.member, text="Rude.", private=True)
        quiet.reply(client.record_id, "Polite.")

        assert client.until("text")["content"]["text"] == "Agent joined the conversation."
        assert client.until("text")["content"]["text"] == "Polite."


def test_the_client_sees_who_is_typing(quiet):
    with quiet.chat() as client:
        # From here on the server hears what is not stored.
        client.say("Hello?")
        client.until("text")
        conversation_id = quiet.conversation(client.record_id).id
        told = {"to_team": True, "visitor_of": conversation_id}
        for kind, typing in (("visitor", True), ("agent", True), ("agent", False)):
            data = {"author": {"kind": kind}, "typing": typing}
            whisper(quiet.tenant.id, "typing", data, **told)
        data = {"turnId": "t", "draft": 0, "index": 0, "text": "We"}
        whisper(quiet.tenant.id, "message:delta", data, **told)
        whisper(quiet.tenant.id, "message:delta", {**data, "index": 1}, **told)

        events = [client.next() for _ in range(3)]
        assert client.is_silent()

    assert [event["name"] for event in events] == ["typing"] * 3
    assert [event["data"] for event in events] == [
        {"typing": True},
        {"typing": False},
        {"typing": True},
    ]


@pytest.mark.parametrize("ends", ["answered", "taken over"])
def test_an_assistant_that_stops_writing_is_not_seen_writing_any_more(quiet, ends):
    with quiet.chat() as client:
        client.say("Hello?")
        client.until("text")
        conversation_id = quiet.conversation(client.record_id).id
        for draft in range(2):
            data = {"turnId": "t", "draft": draft, "index": 0, "text": "We"}
            whisper(quiet.tenant.id, "message:delta", data, visitor_of=conversation_id)
        assert client.next()["data"] == {"typing": True}
        if ends == "answered":
            quiet.reply(client.record_id, "So it is.")
        else:
            quiet.do(engine.take_over, client.record_id, quiet.member)

        assert client.next()["data"] == {"typing": False}
        assert client.next()["type"] == "text"


def test_titles_that_the_assistant_offers_are_lines_of_its_text(acme, live_server_url, live_worker):
    place = Place(acme, live_server_url, ANSWER)
    with place.scope():
        create = create_version(default_assistant(), answer_threshold=1.0, offer_threshold=0.1)
        Assistant.objects.update(production=create)
    with place.chat() as client:
        client.say("Your hours of opening please")
        text = client.until("text", source="assistant")["content"]["text"]

    assert f"\n- {QUESTION}\n- " in text


def test_where_no_budget_is_left_a_person_is_called_and_servers_are_told(quiet):
    quiet.tenant.is_demo = False
    quiet.tenant.save()
    with quiet.scope():
        version = create_version(default_assistant(), engine="model", handover_text="Please wait.")
        Assistant.objects.update(production=version, staging=version)
        Budget.objects.create(tenant=quiet.tenant, turns_per_month=0)
    with quiet.chat() as client, quiet.chat(dev=True) as server:
        client.say("Hello?")
        server.say("Hello?")

        assert client.until("text", source="assistant")["content"]["text"] == "Please wait."
        assert server.error() == "The budget for answers is spent."
        assert server.is_silent()
    assert quiet.conversation(client.record_id).owner == "waiting"
    assert quiet.texts(server.record_id) == []


def test_messages_are_limited_and_a_refused_one_leaves_nothing(quiet):
    quiet.tenant.is_demo = False
    quiet.tenant.save()
    with quiet.chat() as client:
        for number in range(20):
            client.say(str(number))
        for _ in range(20):
            client.until("text", source="user")
        client.say("20")
        assert client.error() == "Too many requests; try again later."

    assert len(quiet.texts(client.record_id)) == 20


# How it ends, and goes on.


def test_terminating_ends_everything_within_two_seconds(quiet):
    with quiet.chat() as client:
        client.say("Hello?")
        client.until("text")
        begun = time.monotonic()
        client.send("terminate")
        frames, code = client.end()

    assert time.monotonic() - begun < 2
    assert [frame["type"] for frame in frames] == ["conversationResult", "event"]
    assert (frames[1]["name"], code) == ("closed", 1000)
    stored = quiet.conversation(client.record_id)
    assert (stored.owner, stored.status) == ("closed", "resolved")
    with quiet.scope():
        assert Turn.objects.get().state == "cancelled"


def test_a_conversation_in_which_nothing_was_said_ends_unnoticed(quiet):
    with quiet.chat() as client:
        client.send("terminate")
        _, code = client.end()

    assert code == 1000
    assert team_events(quiet.tenant) == []
    assert quiet.texts(client.record_id) == []


def test_the_team_ends_a_conversation(quiet, rival):
    with quiet.chat() as client, rival.chat() as other:
        client.say("Hello?")
        client.until("text")
        quiet.do(engine.close, client.record_id, by="Kim")
        frames, code = client.end()

        assert other.is_silent()
    said, result, closed = frames
    assert said["content"]["text"] == "Kim closed the conversation."
    assert result["result"]["metadata"]["callId"] == client.record_id
    assert "summary" not in result["result"]
    assert (closed["name"], code) == ("closed", 1000)


def test_a_server_learns_the_summary_if_there_is_one_and_a_page_does_not(quiet):
    for dev, expected in ((True, "The visitor wrote:\n- Hello?"), (False, None)):
        with quiet.chat(dev=dev) as client:
            client.say("Hello?")
            client.until("text")
            quiet.do(engine.hand_over, client.record_id, reason="rule", text="Please wait.")
            client.send("terminate")
            (*_, result, _), _ = client.end()

        assert result["result"].get("summary") == expected


def test_a_page_that_reconnects_finds_its_history(place, live_worker):
    with place.chat() as client:
        client.say(QUESTION)
        answer = client.until("text", source="assistant")
    place.reply(client.record_id, "A person adds this.")
    place.do(engine.post_reply, client.record_id, place.member, text="Rude.", private=True)

    with place.chat(recordId=client.record_id, sessionSecret=client.secret) as again:
        frames = [again.next() for _ in range(3)]
        assert again.is_silent()
        again.say("Thank you.")
        echo = again.until("text", source="user")

    assert (again.record_id, again.secret) == (client.record_id, client.secret)
    assert [frame["content"]["source"] for frame in frames] == ["user", "assistant", "assistant"]
    assert frames[1] == answer
    assert frames[2]["content"]["text"] == "A person adds this."
    assert place.texts(client.record_id)[-1] == ("visitor", echo["content"]["text"])


def test_a_server_reconnects_with_its_key(quiet):
    with quiet.chat(dev=True) as server:
        server.say("Hello?")
        server.until("text")
    with quiet.chat() as page:
        page.say("Hello?")
        page.until("text")

    with quiet.chat(dev=True, recordId=server.record_id) as again:
        assert again.next()["content"]["text"] == "Hello?"
    with quiet.socket(dev=True) as client:
        client.initialize(recordId=page.record_id)
        assert client.refused() == ("Conversation not found.", 4404)


def test_writing_into_an_ended_conversation_opens_it_again(quiet):
    with quiet.chat() as client:
        client.say("Hello?")
        client.until("text")
        client.send("terminate")
        client.end()

    with quiet.chat(recordId=client.record_id, sessionSecret=client.secret) as again:
        again.next()
        again.say("One more thing.")
        assert again.until("text", source="user")["content"]["text"] == "One more thing."

    assert quiet.conversation(client.record_id).owner == "bot"


def test_nothing_falls_between_history_and_what_is_heard(quiet):
    """While the history is read, the team goes on writing."""
    with quiet.chat() as client:
        client.say("0")
        client.until("text")
    for number in range(1, 6):
        with quiet.socket() as again:
            again.initialize(recordId=client.record_id, sessionSecret=client.secret)
            quiet.reply(client.record_id, str(number))
            told = []
            while str(number) not in told:
                told.append(again.until("text")["content"]["text"])

        assert [text for text in told if text.isdigit()] == [str(n) for n in range(number + 1)]


def test_variables_are_brought_up_to_date_by_whoever_reconnects(quiet):
    with quiet.chat(additionalData={"plan": "small", "page": "/"}) as client:
        client.say("Hello?")
        client.until("text")
    request = {"recordId": client.record_id, "sessionSecret": client.secret}
    with quiet.chat(additionalData={"plan": "large"}, **request):
        pass

    assert quiet.conversation(client.record_id).variables == {"plan": "large", "page": "/"}
