"""Conversations in which the team takes part, and clients that come back."""

import json
from contextlib import ExitStack

import pytest

from conversations import engine
from tests.gateways.zeebee.chats import QUESTION

pytestmark = pytest.mark.usefixtures("live_worker")

UNKNOWN = "Do you sell spaceships made of cheese?"


@pytest.fixture(params=["server", "guest"])
def door(acme, request):
    """A way to come in."""
    return getattr(acme, request.param)


def test_a_person_takes_over_and_gives_back(acme, door):
    with door() as client:
        where = client.ask()["conversation_id"]

        acme.reply(where, "I am a person.")
        joined, reply = client.next(), client.next()
        held = client.say("Are you?")
        assert client.is_silent()
        acme.reply(where, "I am.")
        again = client.next()
        acme.do(engine.give_back, where)
        back = client.next()
        answer = client.ask()

    assert joined == {
        "type": "status",
        "status": "agent",
        "message": "Agent joined the conversation.",
        "conversation_id": where,
    }
    assert (reply["type"], reply["text"], reply["conversation_id"]) == (
        "response",
        "I am a person.",
        where,
    )
    assert (reply["role"], reply["name"]) == ("agent", "Agent")
    assert (held["status"], again["text"]) == ("agent", "I am.")
    assert (back["type"], back["status"]) == ("status", "assistant")
    assert acme.answer in answer["text"]


def test_what_the_assistant_cannot_answer_goes_to_a_person(acme, door):
    with door() as client:
        response = client.ask(UNKNOWN)
        status = client.next()
        held = client.say("Hello?")

    assert response["role"] == "assistant"
    assert (status["type"], status["status"]) == ("status", "waiting")
    assert held["status"] == "waiting"
    assert acme.conversation(response["conversation_id"]).owner == "waiting"


def test_a_person_who_takes_over_an_open_question_is_what_is_heard(acme, door):
    with door() as client:
        where = client.ask(UNKNOWN)["conversation_id"]
        assert client.next()["status"] == "waiting"
        client.say("Is anybody there?")
        acme.reply(where, "I am.")
        status, answer = client.next(), client.next()

    assert (status["status"], status["message"]) == ("agent", "Agent joined the conversation.")
    assert (answer["type"], answer["text"], answer["role"]) == ("response", "I am.", "agent")


def test_a_closed_conversation_opens_again_with_the_next_message(acme, door):
    with door() as client:
        where = client.ask()["conversation_id"]
        acme.do(engine.close, where, by="Agent")
        closed = client.next()
        answer = client.ask()

    assert (closed["status"], closed["message"]) == ("closed", "Agent closed the conversation.")
    assert (answer["conversation_id"], acme.answer in answer["text"]) == (where, True)


def test_who_comes_back_finds_what_was_said_meanwhile_once(acme, door):
    with door(user_id="lee") as client:
        where = client.ask()["conversation_id"]
        known = {"user_id": "lee", "conversation_id": where}
        if token := client.ack.get("session_token"):
            known["session_token"] = token
    acme.reply(where, "While you were away.")
    acme.do(engine.post_reply, where, acme.member, text="A note.", private=True)

    with door(**known) as client:
        acme.reply(where, "Welcome back.")
        heard = client.next()
        silent = client.is_silent()

    said = [(one["role"], one["text"]) for one in client.ack["history"]]
    assert said[0] == ("user", QUESTION)
    assert acme.answer in said[1][1]
    assert said[2:] == [
        ("system", "Agent joined the conversation."),
        ("agent", "While you were away."),
    ]
    assert client.ack["conversation_id"] == where
    assert (heard["text"], silent) == ("Welcome back.", True)


def test_a_reply_at_the_very_moment_of_coming_back_is_heard_once(acme):
    with acme.server(user_id="pat") as client:
        where = client.ask()["conversation_id"]
    acme.reply(where, "0")

    with ExitStack() as stack:
        clients = [stack.enter_context(acme.client()) for _ in range(5)]
        for number, client in enumerate(clients):
            client.send("init", api_key=acme.key, conversation_id=where)
            acme.reply(where, str(number + 1))
        for client in clients:
            ack = client.next()
            told = [one["text"] for one in ack["history"] if one["role"] == "agent"]
            while told[-1] != "5":
                told.append(client.next()["text"])
            assert told == [str(number) for number in range(6)]
            assert client.is_silent(seconds=0.05)


def test_every_connection_to_a_conversation_hears_everything(acme):
    with acme.server(user_id="sam") as one:
        where = one.ask()["conversation_id"]
        with acme.server(user_id="sam", conversation_id=where) as other:
            answer = one.ask()
            assert other.next() == answer
            acme.reply(where, "Both of you.")
            assert one.until("response") == other.until("response")


def test_a_key_continues_what_a_guest_began(acme):
    with acme.guest("mo") as guest:
        where = guest.ask()["conversation_id"]
        with acme.server(conversation_id=where) as server:
            answer = server.ask()
        assert guest.next() == answer

    assert (server.ack["user_id"], answer["conversation_id"]) == ("mo", where)
    assert len(acme.texts(where)) == 4


def test_a_user_whom_the_server_names_is_not_the_guest_of_that_name(acme):
    with acme.guest("vic") as guest:
        where = guest.ask()["conversation_id"]
    with acme.client() as server:
        said = server.refusal("init", api_key=acme.key, user_id="vic", conversation_id=where)

    assert said == "Conversation not found."


def test_what_the_client_tells_of_itself_is_kept_with_the_conversation(acme):
    info = {"page": "/pricing", "sizes": [1, 2]}
    with acme.guest("kay", client_info=info) as client:
        where = client.ask()["conversation_id"]

    conversation = acme.conversation(where)
    assert conversation.variables == {"client_info": info}
    assert (conversation.channel, conversation.is_test) == ("zeebee", False)
    assert conversation.session.user_id == "kay"
    assert conversation.contact.attributes == {"userId": "kay"}


def test_beginning_again_leaves_the_conversation_before(acme):
    with acme.server() as client:
        first = client.ask()["conversation_id"]
        client.begin(api_key=acme.key)
        acme.reply(first, "Nobody hears this.")
        assert client.is_silent()
        second = client.ask()["conversation_id"]
        acme.reply(first, "Nor this.")
        assert client.is_silent()

    assert first != second


def test_a_connection_has_several_conversations_at_once(acme):
    with acme.server() as client:
        first = client.ask()["conversation_id"]
        client.begin(api_key=acme.key)
        second = client.ask()["conversation_id"]
        for where in (first, second):
            client.send("message", message=QUESTION, conversation_id=where)
        told = [client.until("response")["conversation_id"] for _ in range(2)]
        acme.reply(first, "I am a person.")
        joined, reply = client.next(), client.next()
        latest = client.ask()["conversation_id"]

    assert sorted(told) == sorted([first, second])
    assert (joined["conversation_id"], joined["status"]) == (first, "agent")
    assert (reply["conversation_id"], reply["text"]) == (first, "I am a person.")
    assert latest == second


def test_connecting_alone_stores_nothing(acme):
    before = acme.stored()
    with acme.server():
        pass
    with acme.guest():
        pass

    assert acme.stored() == {**before, "VisitorSession": before["VisitorSession"] + 1}


def test_a_tenant_hears_nothing_of_the_other(acme, globex):
    with acme.server(user_id="kim") as mine, globex.server(user_id="kim") as theirs:
        answers = mine.ask(), theirs.ask()
        acme.reply(answers[0]["conversation_id"], "Acme's own.")
        mine.until("response")
        assert theirs.is_silent()

    assert [acme.answer in one["text"] for one in answers] == [True, False]
    assert [globex.answer in one["text"] for one in answers] == [False, True]
    assert "Acme" not in json.dumps(globex.texts(answers[1]["conversation_id"]))
