"""A language model's answer, as the visitor and the team see it come."""

import pytest

from tests.assistants.writing import assistant_of, writer
from tests.widgets.shops import Shop
from tests.widgets.test_socket import Session
from widgets.bubbles import create_bubble

ANSWER = "The shop opens at nine in the morning"


def shop_with(tenant, server, url, model, **settings):
    """A shop whose default bubble is answered by this model of the server."""
    assistant = assistant_of(writer(tenant, server, model, **settings))
    bubble = create_bubble(tenant, assistant, name="Site", is_default=True)
    return Shop(tenant, assistant, bubble, url)


def pieces(frames):
    """The words that were shown before the answer, in the order of their numbers."""
    deltas = [frame["data"] for frame in frames if frame["type"] == "message:delta"]
    assert [delta["index"] for delta in deltas] == list(range(len(deltas)))
    return [delta["text"] for delta in deltas]


def until_answered(socket):
    frames = []
    while not frames or frames[-1].get("data", {}).get("seq") != 2:
        frames.append(socket.next())
    return frames


@pytest.fixture
def shop(acme, model_server, live_server_url, live_worker):
    return shop_with(acme, model_server, live_server_url, "streams")


def test_a_visitor_reads_along_and_then_gets_the_answer(shop):
    session = Session(shop)
    with session.socket() as socket:
        session.ask(socket, "At what time does the shop open?")
        frames = until_answered(socket)

    answer = frames[-1]["data"]
    shown = pieces(frames)
    assert answer["text"].startswith(ANSWER)
    assert "".join(shown) == answer["text"]
    # In two seconds a few times, not once for each of ninety pieces.
    assert 5 <= len(shown) <= 40
    assert answer["sources"]


def test_a_chat_request_tells_model_and_tokens(
    acme, globex, model_server, live_server_url, live_worker
):
    shop_with(globex, model_server, live_server_url, "hands-over")
    shop = shop_with(acme, model_server, live_server_url, "cites")
    with shop.client() as client:
        body = client.post(
            "chat", json={"sessionId": "s", "message": "At what time does the shop open?"}
        ).json()

    assert body["message"] == f"{ANSWER}."
    assert (body["metadata"]["model"], body["metadata"]["tokens"]) == ("cites", 120)
    assert [source["title"] for source in body["metadata"]["sources"]]


def test_a_provider_that_fails_is_a_visible_handover(
    acme, model_server, live_server_url, live_worker
):
    shop = shop_with(acme, model_server, live_server_url, "locked")
    with shop.client() as client:
        body = client.post("chat", json={"sessionId": "s", "message": "Are you open?"}).json()

    assert body["metadata"]["handover"] == "error:key_refused"
    assert body["message"] == "I will ask a person of our team to answer you here."
