"""What visitors' clients hear when the budget for answers is spent."""

from datetime import UTC, datetime, timedelta

import pytest

from assistants.versions import create_version, publish
from conversations.models import Conversation, Message
from tests.assistants.budgets import limit
from tests.widgets.shops import make_shop
from tests.widgets.test_chat import QUESTION, stored
from tests.widgets.test_socket import Session
from widgets.callers import Caller
from widgets.chat import ask

TEXT = "A person will answer you here."


def with_a_model(shop):
    with shop.scope():
        publish(create_version(shop.assistant, engine="model", handover_text=TEXT))
    return shop


@pytest.fixture
def shop(acme, live_server_url):
    shop = with_a_model(make_shop(acme, live_server_url))
    limit(acme, turns_per_month=0)
    return shop


def lines(shop):
    with shop.scope():
        return list(Message.objects.order_by("seq").values_list("author_kind", "text"))


def holder(shop):
    with shop.scope():
        conversation = Conversation.objects.get()
        return conversation.owner, conversation.handover_reason


def seconds_of_the_month():
    now = datetime.now(UTC)
    end = (now.replace(day=1) + timedelta(days=31)).replace(day=1, hour=0, minute=0, second=0)
    return (end - now).total_seconds()


def test_a_chat_message_is_refused_and_not_remembered(shop, client):
    refused = client.post("chat", json=QUESTION, headers={"Idempotency-Key": "k"})

    assert (refused.status_code, refused.json()["code"]) == (429, "budget_spent")
    assert abs(int(refused.headers["Retry-After"]) - seconds_of_the_month()) < 60
    assert stored(shop) == dict.fromkeys(stored(shop), 0)

    limit(shop.tenant, turns_per_month=1)
    caller = Caller(widget_id=str(shop.tenant.id), token=shop.token)
    later = ask(caller, lambda: QUESTION, key="k", attend=lambda tenant_id: None)

    assert (later.received.is_repeat, later.received.awaits_answer) == (False, True)


def test_a_client_may_ask_for_a_person_instead(shop, client):
    body = {**QUESTION, "handOverWhenSpent": True, "messageId": "k"}

    answers = [client.post("chat", json=body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    first, again = (answer.json() for answer in answers)
    assert first == again
    assert (first["message"], first["metadata"]["handledBy"]) == (None, "human")
    assert lines(shop) == [("visitor", QUESTION["message"]), ("system", TEXT)]
    assert holder(shop) == ("waiting", "budget")


def test_on_the_socket_a_person_is_asked_for(shop):
    session = Session(shop)
    with session.socket() as socket:
        ack = session.ask(socket)
        line = socket.until("message:new", seq=2)
        updated = socket.until("conversation:updated")

    assert (ack["seq"], line["data"]["text"]) == (1, TEXT)
    assert line["data"]["author"]["kind"] == "system"
    assert updated["data"]["owner"] == "waiting"
    assert holder(shop) == ("waiting", "budget")


@pytest.mark.parametrize("wrong", ["maybe", 7, [], {}])
def test_the_wish_for_a_person_is_true_or_false(shop, client, wrong):
    answer = client.post("chat", json={**QUESTION, "handOverWhenSpent": wrong})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert stored(shop) == dict.fromkeys(stored(shop), 0)
