import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from assistants.models import Assistant
from assistants.versions import create_version, publish
from conversations import engine
from conversations.models import Conversation, Message, Turn, VisitorSession
from realtime.models import Event
from tenants import credentials
from tenants.models import Credential
from tests.factories import make_assistant, make_member
from tests.servers import serving
from tests.widgets.shops import Shop, make_bubble, teach

QUESTION = {"sessionId": "session_abc123", "message": "What are your opening hours?"}


@contextmanager
def asleep(process):
    """Keep the worker from answering for a while."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def stored(shop):
    with shop.scope():
        return {
            model.__name__: model.objects.count()
            for model in (Conversation, Message, Turn, VisitorSession, Event)
        }


def take_over(shop, conversation_id):
    with shop.scope():
        engine.take_over(engine.team_conversation(conversation_id), make_member(shop.tenant))


def test_a_question_is_stored_answered_with_its_sources_and_returned(shop, client, live_worker):
    teach(shop)

    answer = client.post("chat", json=QUESTION)

    body = answer.json()
    assert answer.status_code == 200
    assert body["success"] is True
    assert "We open at nine and close at five." in body["message"]
    assert body["metadata"]["model"] == "knowledge"
    assert body["metadata"]["tokens"] == 0
    assert [source["title"] for source in body["metadata"]["sources"]] == ["Help"]
    assert body["sessionSecret"].startswith("ss_")
    with shop.scope():
        messages = Message.objects.order_by("seq").values_list("author_kind", "text")
        events = Event.objects.filter(audience="team").order_by("seq")
        assert list(messages) == [
            ("visitor", QUESTION["message"]),
            ("assistant", body["message"]),
        ]
        assert str(Conversation.objects.get().id) == body["conversationId"]
        assert list(events.values_list("seq", "type")) == [
            (1, "conversation:new"),
            (2, "message:new"),
            (3, "message:new"),
        ]


def test_what_the_knowledge_does_not_answer_is_handed_over_and_said_so(client, live_worker):
    body = client.post("chat", json={"sessionId": "s", "message": "Who won the election?"}).json()

    assert body["metadata"]["handover"]
    assert body["message"]
    assert body["metadata"]["sources"] == []


def test_the_same_conversation_goes_on_and_the_secret_is_told_once(shop, client, live_worker):
    first = client.post("chat", json=QUESTION).json()
    second = client.post("chat", json=QUESTION).json()

    assert second["conversationId"] == first["conversationId"]
    assert "sessionSecret" not in second


def test_a_second_conversation_does_not_tell_the_secret_again(shop, client, live_worker):
    first = client.post("chat", json=QUESTION).json()
    with shop.scope():
        engine.close(engine.team_conversation(first["conversationId"]))

    second = client.post("chat", json=QUESTION).json()

    assert second["conversationId"] != first["conversationId"]
    assert "sessionSecret" not in second


def test_a_resolved_conversation_that_is_named_goes_on_with_the_assistant(
    shop, client, live_worker
):
    teach(shop)
    first = client.post("chat", json=QUESTION).json()
    with shop.scope():
        engine.close(engine.team_conversation(first["conversationId"]))

    again = client.post("chat", json={**QUESTION, "conversationId": first["conversationId"]}).json()

    assert again["conversationId"] == first["conversationId"]
    assert again["message"] == first["message"]


@pytest.mark.parametrize("as_header", [True, False])
def test_a_repeat_returns_the_first_result_and_stores_nothing(shop, client, live_worker, as_header):
    teach(shop)
    request = {"json": QUESTION if as_header else {**QUESTION, "messageId": "m1"}}
    if as_header:
        request["headers"] = {"Idempotency-Key": "m1"}
    first = client.post("chat", **request).json()
    client.post("chat", json={"sessionId": "session_abc123", "message": "Thanks!"})
    before = stored(shop)

    repeat = client.post("chat", **request)

    assert (repeat.status_code, repeat.json()) == (200, first)
    assert stored(shop) == before


def test_a_key_used_for_another_message_is_refused(shop, client, live_worker):
    teach(shop)
    headers = {"Idempotency-Key": "m1"}
    client.post("chat", json=QUESTION, headers=headers)
    before = stored(shop)

    other = client.post("chat", json={**QUESTION, "message": "Other"}, headers=headers)

    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert stored(shop) == before


def test_fifty_first_sends_at_once_are_one(shop, client, live_worker):
    teach(shop)

    def send(_):
        return client.post("chat", json=QUESTION, headers={"Idempotency-Key": "first"})

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(send, range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert "sessionSecret" in answers[0].json()
    counts = stored(shop)
    assert counts == {
        "Conversation": 1,
        "Message": 2,
        "Turn": 1,
        "VisitorSession": 1,
        "Event": counts["Event"],
    }


def test_an_answer_that_takes_long_is_pending_and_still_comes(shop, live_worker, processes_folder):
    teach(shop)
    with serving(processes_folder, CHAT_WAIT_SECONDS="1") as url:
        hasty = Shop(shop.tenant, shop.assistant, shop.bubble, url)
        with hasty.client() as client:
            with asleep(live_worker):
                early = client.post("chat", json={**QUESTION, "messageId": "m1"})
            repeats = [client.post("chat", json={**QUESTION, "messageId": "m1"}) for _ in range(9)]

    late = next(answer for answer in repeats if answer.status_code == 200)
    assert early.status_code == 202
    assert early.json()["message"] is None
    assert early.json()["metadata"] == {"model": "", "tokens": 0, "pending": True}
    assert "We open at nine" in late.json()["message"]
    assert stored(shop)["Message"] == 2


def test_whoever_does_not_wait_is_told_so_at_once(shop, client):
    asked = {**QUESTION, "messageId": "m1"}

    early = client.post("chat", json={**asked, "wait": False}, timeout=10)
    again = client.post("chat", json={**asked, "wait": False}, timeout=10)

    assert early.status_code == again.status_code == 202
    assert early.json()["metadata"] == {"model": "", "tokens": 0, "pending": True}
    assert stored(shop)["Message"] == 1


def test_a_message_to_a_person_is_not_answered_by_the_assistant(shop, client, live_worker):
    first = client.post("chat", json=QUESTION).json()
    take_over(shop, first["conversationId"])

    answer = client.post("chat", json={**QUESTION, "message": "Are you there?"})

    assert answer.status_code == 200
    assert answer.json()["message"] is None
    assert answer.json()["metadata"] == {"model": "", "tokens": 0, "handledBy": "human"}


def test_a_message_that_was_a_persons_stays_so_when_the_assistant_is_back(
    shop, client, live_worker
):
    first = client.post("chat", json=QUESTION).json()
    take_over(shop, first["conversationId"])
    asked = client.post("chat", json={**QUESTION, "messageId": "m"})
    with shop.scope():
        engine.give_back(engine.team_conversation(first["conversationId"]))
    client.post("chat", json={**QUESTION, "message": "And now?"})

    assert client.post("chat", json={**QUESTION, "messageId": "m"}).json() == asked.json()


def test_the_widget_may_be_named_by_the_bubbles_code(shop, live_worker):
    with shop.client(widget_id=shop.bubble.code) as client:
        assert client.post("chat", json=QUESTION).status_code == 200


def test_a_bubble_token_opens_the_same_door(shop, live_worker):
    with shop.client(token=shop.token_of(shop.bubble, Credential.Kind.BUBBLE_TOKEN)) as client:
        assert client.post("chat", json=QUESTION).status_code == 200


UNKNOWN = [
    str(uuid.uuid4()),
    "conv-456",
    "abcdefghjkmn",
    "%00",
    "%E2%82%AC",
    "' or 1=1",
    "1" * 400,
    "%2e%2e",
]


@pytest.mark.parametrize("widget_id", UNKNOWN)
@pytest.mark.parametrize("path", ["chat", "track", "voice/start", "session", "contact"])
def test_an_unknown_widget_is_not_found_before_anything_else(shop, widget_id, path):
    with shop.client(widget_id=widget_id, token="wt_wrong") as client:
        answer = client.post(path, content=b"{not json", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 404
    assert stored(shop)["Message"] == 0


def test_credentials_of_other_kinds_and_tenants_are_refused(shop, rival):
    other_bubble = make_bubble(shop, name="Other")
    key = credentials.issue(shop.tenant, Credential.Kind.API_KEY, scopes=["*"]).secret
    revoked = credentials.issue(
        shop.tenant, Credential.Kind.WIDGET_TOKEN, subject_id=shop.bubble.id
    )
    credentials.revoke(revoked.credential)

    tokens = ["", "wt_wrong", "x" * 5000, key, revoked.secret, rival.token]
    for token in tokens:
        with shop.client(token=token) as client:
            answer = client.post("chat", json=QUESTION)
            assert (answer.status_code, answer.json()["success"]) == (401, False), token
    with shop.client(token=shop.token, widget_id=other_bubble.code) as client:
        assert client.post("chat", json=QUESTION).status_code == 401
    assert stored(shop) == dict.fromkeys(stored(shop), 0)
    assert stored(rival) == dict.fromkeys(stored(rival), 0)


def test_assistants_that_do_not_answer_here_are_unknown(shop, rival, client):
    with shop.scope():
        unpublished = Assistant.objects.create(tenant=shop.tenant, name="Draft")
        create_version(unpublished)

    for named in (str(rival.assistant.id), str(unpublished.id), "asst-123", "x" * 9000, "0"):
        answer = client.post("chat", json={**QUESTION, "assistantId": named})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_assistant")
    assert stored(shop) == dict.fromkeys(stored(shop), 0)


def test_a_named_assistant_has_its_own_conversation(shop, client, live_worker):
    with shop.scope():
        Assistant.objects.update(is_default=False)
    second = make_assistant(shop.tenant, "Second")

    first = client.post("chat", json=QUESTION).json()
    other = client.post("chat", json={**QUESTION, "assistantId": str(second.id)}).json()

    assert other["conversationId"] != first["conversationId"]
    with shop.scope():
        assert Conversation.objects.get(pk=other["conversationId"]).assistant_id == second.id


def test_without_an_assistant_nothing_is_stored(shop, client):
    with shop.scope():
        shop.bubble.assistant = None
        shop.bubble.save()
        Assistant.objects.update(is_default=False)

    answer = client.post("chat", json=QUESTION)

    assert (answer.status_code, answer.json()["code"]) == (400, "no_assistant")
    assert stored(shop) == dict.fromkeys(stored(shop), 0)


def test_conversations_of_others_are_as_unknown_as_invented_ones(shop, rival, client, live_worker):
    teach(shop)
    with rival.client() as other:
        foreign = other.post("chat", json=QUESTION).json()["conversationId"]
    neighbour = client.post("chat", json={**QUESTION, "sessionId": "n"}).json()["conversationId"]
    before = stored(shop)

    answers = [
        client.post("chat", json={**QUESTION, "conversationId": conversation_id})
        for conversation_id in (foreign, neighbour, str(uuid.uuid4()), "conv-456", "x" * 400)
    ]

    bodies = [{**answer.json(), "requestId": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {404}
    assert bodies == [bodies[0]] * len(bodies)
    assert stored(shop) == before


def test_staging_answers_only_where_the_bubble_lets_it(shop, client, live_worker):
    with shop.scope():
        create_version(shop.assistant, unanswered_text="I am the staged one.")
    body = {**QUESTION, "useStagingVersion": True}

    public = client.post("chat", json=body).json()
    with shop.scope():
        shop.bubble.staging_allowed = True
        shop.bubble.save()
    staged = client.post("chat", json={**body, "sessionId": "tester"}).json()

    assert public["message"] != "I am the staged one."
    assert staged["message"] == "I am the staged one."


TOLD = {
    "flowName": "returns",
    "language": "en-GB",
    "variables": {"plan": "gold"},
    "additionalInput": {"page": "/cart"},
}


def test_what_a_page_tells_beside_a_message_is_kept_apart_from_it(shop, client, live_worker):
    answer = client.post("chat", json={**QUESTION, **TOLD})

    with shop.scope():
        conversation = Conversation.objects.get(pk=answer.json()["conversationId"])
        assert (conversation.flow, conversation.variables) == ("returns", {"plan": "gold"})
        assert conversation.named_language == "en"
        assert Turn.objects.get().additional_input == {"page": "/cart"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"flowName": 5},
        {"flowName": "x" * 101},
        {"language": 5},
        {"language": "x" * 36},
        {"variables": []},
        {"variables": {"x": "y" * 9000}},
        {"additionalInput": "text"},
    ],
)
def test_what_cannot_be_told_leaves_nothing(shop, client, wrong):
    assert client.post("chat", json={**QUESTION, **wrong}).status_code == 400

    assert set(stored(shop).values()) == {0}


def test_the_config_holds_the_openings_of_flows(shop, client):
    flows = [{"name": "returns", "opening": "Returns?"}, {"name": "quiet", "opening": ""}]
    with shop.scope():
        publish(create_version(Assistant.objects.get(), flows=flows))

    assert client.get("config").json()["config"]["openings"] == {"returns": "Returns?"}
