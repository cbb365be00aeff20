import pytest

from conversations.models import Conversation
from realtime.models import Event
from tenants.models import Tenant
from tests.widgets.test_chat import QUESTION, stored

BODY = {"sessionId": "session_abc123"}


@pytest.fixture
def number(shop):
    Tenant.objects.filter(pk=shop.tenant.pk).update(phone_number="+14165559999")
    return "+14165559999"


def test_a_call_is_reserved_with_the_tenants_number(shop, client, number):
    answer = client.post("voice/start", json={**BODY, "assistantId": str(shop.assistant.id)})

    body = answer.json()
    secret = body.pop("sessionSecret")
    assert answer.status_code == 200
    assert secret.startswith("ss_")
    with shop.scope():
        conversation = Conversation.objects.get()
        assert body == {
            "success": True,
            "conversationId": str(conversation.id),
            "assistantId": str(shop.assistant.id),
            "phoneNumber": number,
        }
        assert conversation.channel == "voice"
        # The team hears of it as soon as something is said.
        assert not Event.objects.exists()


def test_a_browsers_voice_needs_no_number(shop, client):
    with shop.scope():
        shop.bubble.voice_enabled = True
        shop.bubble.save()

    answer = client.post("voice/start", json=BODY)

    assert (answer.status_code, answer.json()["phoneNumber"]) == (200, None)


def test_without_number_and_voice_nothing_is_reserved(shop, client):
    answer = client.post("voice/start", json=BODY)

    assert (answer.status_code, answer.json()["code"]) == (400, "voice_not_available")
    assert stored(shop) == dict.fromkeys(stored(shop), 0)


def test_a_chat_does_not_go_on_in_a_reserved_call(shop, client, number, live_worker):
    reserved = client.post("voice/start", json=BODY).json()

    answer = client.post("chat", json=QUESTION).json()

    assert answer["conversationId"] != reserved["conversationId"]
    assert "sessionSecret" not in answer


def test_three_calls_of_a_session_in_ten_minutes_are_enough(shop, client, number):
    answers = [client.post("voice/start", json=BODY) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert stored(shop)["Conversation"] == 3


def test_foreign_assistants_are_unknown(shop, rival, client, number):
    for named in (str(rival.assistant.id), "asst-123"):
        answer = client.post("voice/start", json={**BODY, "assistantId": named})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_assistant")
    assert stored(shop)["VisitorSession"] == 0
