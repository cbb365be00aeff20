import pytest

from conversations.models import Message, VisitorSession
from tenants.models import Tenant
from tests.widgets.test_chat import QUESTION, stored, take_over


@pytest.fixture
def held(shop, client, live_worker):
    """A session whose messages are answered at once, because a person holds its conversation."""
    first = client.post("chat", json=QUESTION).json()
    take_over(shop, first["conversationId"])
    return first["conversationId"]


def test_the_twenty_first_message_of_a_session_must_wait(shop, client, held):
    for number in range(19):
        answer = client.post("chat", json={**QUESTION, "messageId": f"m{number}"})
        assert answer.status_code == 200
    before = stored(shop)

    refused = client.post("chat", json={**QUESTION, "messageId": "late"})
    known = client.post("chat", json={**QUESTION, "messageId": "m3"})

    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert known.status_code == 200
    assert stored(shop) == before
    with shop.scope():
        assert not Message.objects.filter(client_id="late").exists()


def test_a_demo_tenant_has_no_limits(shop, client, held):
    Tenant.objects.filter(pk=shop.tenant.pk).update(is_demo=True)

    answers = [client.post("chat", json=QUESTION).status_code for _ in range(25)]

    assert set(answers) == {200}


def test_an_address_may_begin_ten_sessions(shop, client):
    begun = [client.post("session") for _ in range(11)]

    assert [answer.status_code for answer in begun] == [200] * 10 + [429]
    assert int(begun[-1].headers["Retry-After"]) > 60
    with shop.scope():
        assert VisitorSession.objects.count() == 10


def test_limits_of_one_tenant_are_not_anothers(shop, rival, client):
    for _ in range(10):
        client.post("session")

    with rival.client() as other:
        assert other.post("session").status_code == 200
