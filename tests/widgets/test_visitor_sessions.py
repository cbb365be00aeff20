from datetime import UTC, datetime, timedelta

import pytest

from conversations.models import Conversation, VisitorSession
from tenants import credentials
from tenants.models import Credential
from tests.widgets.shops import teach
from tests.widgets.test_chat import QUESTION, stored


@pytest.fixture
def begun(shop, live_worker):
    """What a browser of the documented kind has after its first message: no use for the secret."""
    teach(shop)
    with browser(shop) as client:
        return client.post("chat", json=QUESTION).json()


def browser(shop, *, origin="https://shop.example", agent="Firefox", **options):
    return shop.client(origin=origin, user_agent=agent, **options)


def test_the_same_browser_goes_on_without_the_secret(shop, begun):
    with browser(shop) as client:
        assert (
            client.post("chat", json=QUESTION).json()["conversationId"] == begun["conversationId"]
        )


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("other", [{"origin": "https://evil.example"}, {"agent": "Chrome"}])
def test_another_browser_gets_a_new_conversation(shop, begun, other, named):
    body = {**QUESTION, "conversationId": begun["conversationId"]} if named else QUESTION
    with browser(shop, **other) as client:
        answer = client.post("chat", json=body)

    assert answer.status_code == 200
    assert answer.json()["conversationId"] != begun["conversationId"]
    with shop.scope():
        new = Conversation.objects.get(pk=answer.json()["conversationId"])
        assert new.messages.first().seq == 1
        assert new.contact_id != Conversation.objects.get(pk=begun["conversationId"]).contact_id


@pytest.mark.parametrize("named", [False, True])
def test_after_thirty_idle_minutes_a_new_conversation_starts(shop, begun, named):
    long_ago = datetime.now(UTC) - timedelta(minutes=31)
    with shop.scope():
        VisitorSession.objects.update(last_seen_at=long_ago)
    body = {**QUESTION, "conversationId": begun["conversationId"]} if named else QUESTION

    with browser(shop) as client:
        first = client.post("chat", json={**body, "messageId": "m"}).json()
        repeat = client.post("chat", json={**body, "messageId": "m"}).json()

    assert first["conversationId"] != begun["conversationId"]
    assert first["sessionSecret"] != begun["sessionSecret"]
    assert repeat == first


def test_the_secret_goes_on_from_anywhere_for_ever(shop, begun):
    with shop.scope():
        VisitorSession.objects.update(last_seen_at=datetime.now(UTC) - timedelta(days=90))

    with browser(shop, agent="Other", secret=begun["sessionSecret"]) as client:
        answer = client.post("chat", json=QUESTION).json()

    assert answer["conversationId"] == begun["conversationId"]
    assert "sessionSecret" not in answer


def test_once_the_secret_was_shown_it_is_needed(shop, begun):
    with browser(shop, secret=begun["sessionSecret"]) as client:
        client.post("chat", json=QUESTION)
    with browser(shop) as client:
        answer = client.post("chat", json=QUESTION).json()

    assert answer["conversationId"] != begun["conversationId"]


def test_a_wrong_or_foreign_secret_is_refused(shop, rival, begun):
    with rival.client() as client:
        foreign = client.post("session").json()["sessionSecret"]
    before = stored(shop)

    for secret in ("ss_wrong", foreign, "x" * 4000):
        with browser(shop, secret=secret) as client:
            answer = client.post("chat", json=QUESTION)
            assert (answer.status_code, answer.json()["code"]) == (401, "invalid_session_secret")
    assert stored(shop) == before


def test_the_secret_of_one_label_does_not_open_another(shop, begun):
    with browser(shop, secret=begun["sessionSecret"]) as client:
        assert client.post("chat", json={**QUESTION, "sessionId": "other"}).status_code == 401


def test_a_page_that_knows_only_the_code_gets_all_it_needs(shop, live_worker):
    with shop.client(token="", widget_id=shop.bubble.code) as client:
        session = client.post("session").json()
    with shop.client(token=session["widgetToken"], secret=session["sessionSecret"]) as client:
        answer = client.post("chat", json={**QUESTION, "sessionId": session["sessionId"]})
        conversations = client.get("conversations").json()["results"]

    assert session["config"]["code"] == shop.bubble.code
    assert answer.status_code == 200
    assert "sessionSecret" not in answer.json()
    assert [item["id"] for item in conversations] == [answer.json()["conversationId"]]


def test_a_session_goes_on_with_its_secret_only(shop):
    with shop.client(token="", widget_id=shop.bubble.code) as client:
        first = client.post("session").json()
        label = {"sessionId": first["sessionId"]}
        again = client.post(
            "session", json=label, headers={"X-Session-Secret": first["sessionSecret"]}
        )
        wrong = client.post("session", json=label, headers={"X-Session-Secret": "ss_wrong"})
        without = client.post("session", json=label)

    assert again.json() == first
    assert wrong.status_code == 401
    assert without.json()["sessionId"] != first["sessionId"]


def test_a_session_that_began_with_a_secret_never_goes_on_without(shop, live_worker):
    with shop.client() as client:
        session = client.post("session").json()
        answer = client.post("chat", json={**QUESTION, "sessionId": session["sessionId"]}).json()

    assert answer["sessionSecret"] != session["sessionSecret"]


def test_a_widget_whose_tokens_are_all_revoked_gives_none_out(shop):
    for credential in Credential.objects.filter(tenant=shop.tenant):
        credentials.revoke(credential)

    with shop.client(token="", widget_id=shop.bubble.code) as client:
        answer = client.post("session")

    assert (answer.status_code, answer.json()["code"]) == (403, "widget_off")
    assert stored(shop)["VisitorSession"] == 0
