import json
import time
from contextlib import contextmanager
from uuid import UUID

import pytest
from websockets.sync.client import connect

from conversations import engine, marks
from conversations.models import Conversation, Message, VisitorSession
from realtime.ephemeral import whisper
from realtime.models import Event
from tenants import credentials
from tenants.models import Credential, Tenant
from tests.factories import make_member
from tests.widgets.shops import teach
from tests.wire import End

QUESTION = "What are your opening hours?"


class Socket(End):
    """One visitor's end of the wire."""

    def send(self, frame):
        self.ws.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def until(self, type, *, seconds=None, **data):
        """The next frame of this type, after whatever comes before it."""
        while True:
            frame = self.next(seconds=seconds)
            if frame["type"] == type and data.items() <= frame.get("data", {}).items():
                return frame


@contextmanager
def opened(shop, *, path="/api/ws/chat", origin=None, agent="Firefox"):
    url = shop.url.replace("http", "ws") + path
    with connect(url, origin=origin, user_agent_header=agent, proxy=None) as connection:
        yield Socket(connection)


class Session:
    def __init__(self, shop):
        with shop.client() as client:
            body = client.post("session").json()
        self.shop, self.id, self.secret = shop, body["sessionId"], body["sessionSecret"]

    def auth(self, **fields):
        frame = {
            "type": "auth",
            "token": self.shop.token,
            "sessionId": self.id,
            "sessionSecret": self.secret,
        }
        return {**frame, **fields}

    @contextmanager
    def socket(self, *, origin=None, **fields):
        with opened(self.shop, origin=origin) as socket:
            socket.send(self.auth(**fields))
            socket.ok = socket.next()
            assert socket.ok["type"] == "auth:ok", socket.ok
            yield socket

    def ask(self, socket, text=QUESTION, *, key="m1"):
        """Send a message and return what is acknowledged."""
        socket.send({"type": "message", "messageId": key, "text": text})
        return socket.until("ack", messageId=key)["data"]


@pytest.fixture
def session(shop):
    return Session(shop)


@pytest.fixture
def talk(shop, session, live_worker):
    """A conversation with a question and its answer."""
    teach(shop)
    with session.socket() as socket:
        ack = session.ask(socket)
        answer = socket.until("message:new", seq=2)
    session.conversation_id, session.last = ack["conversationId"], answer["id"]
    return session


@pytest.mark.parametrize("path", ["/api/ws/chat", "/ws/chat"])
def test_a_first_message_begins_a_conversation_and_is_followed_from_its_first_event(
    shop, session, live_worker, path
):
    teach(shop)
    with opened(shop, path=path) as socket:
        socket.send(session.auth())
        ok = socket.next()
        socket.send({"type": "message", "messageId": "m1", "text": QUESTION})
        ack = socket.next()
        frames = [socket.next()]
        while frames[-1].get("data", {}).get("seq") != 2:
            frames.append(socket.next())

    events = [frame for frame in frames if "id" in frame]
    assert ok == {"type": "auth:ok", "data": {"lastEventId": 0}}
    assert ack["type"] == "ack"
    assert (ack["data"]["messageId"], ack["data"]["seq"]) == ("m1", 1)
    assert [event["id"] for event in events] == [1, 2]
    assert events[0]["data"]["id"] == ack["data"]["id"]
    assert [event["data"]["author"]["kind"] for event in events] == ["visitor", "assistant"]
    assert "We open at nine" in events[1]["data"]["text"]
    assert events[1]["data"]["sources"]
    with shop.scope():
        assert str(Conversation.objects.get().id) == ack["data"]["conversationId"]


def test_an_answers_words_come_as_they_are_found(talk):
    data = {"conversationId": talk.conversation_id, "index": 0, "text": "We open"}
    with talk.socket() as socket:
        whisper(
            talk.shop.tenant.id,
            "message:delta",
            data,
            to_team=True,
            visitor_of=UUID(talk.conversation_id),
        )

        assert socket.next() == {"type": "message:delta", "data": data}
        assert socket.is_silent()


def test_the_open_conversation_is_followed_without_being_named(talk):
    with talk.socket() as socket:
        assert socket.ok["data"] == {
            "conversationId": talk.conversation_id,
            "lastEventId": talk.last,
        }


def test_what_was_missed_is_told_without_a_gap(talk):
    member = make_member(talk.shop.tenant)
    with talk.shop.scope():
        conversation = engine.team_conversation(talk.conversation_id)
        engine.post_reply(conversation, member, text="only the team", private=True)
        engine.post_reply(conversation, member, text="Hello, I am a person.")

    with talk.socket(conversationId=talk.conversation_id, lastEventId=1) as socket:
        frames = [socket.next()]
        while frames[-1]["data"].get("text") != "Hello, I am a person.":
            frames.append(socket.next())
        assert socket.is_silent()

    assert [frame["id"] for frame in frames] == list(range(2, len(frames) + 2))
    assert "only the team" not in str(frames)
    assert "only the team" not in json.dumps(frames)


@pytest.mark.parametrize("last", [0, 999])
def test_whoever_is_too_far_behind_or_ahead_starts_afresh(shop, session, live_worker, last):
    with shop.client(secret=session.secret) as client:
        client.post("chat", json={"sessionId": session.id, "message": "x"})
    with shop.scope():
        Event.objects.filter(audience="visitor", seq=1).delete()

    with session.socket(lastEventId=last) as socket:
        assert socket.next()["type"] == "resync"


def test_a_repeated_message_is_acknowledged_again_and_stored_once(talk):
    with talk.socket() as socket:
        again = talk.ask(socket)
        other = talk.ask(socket, "Another question", key="m2")

    assert (again["seq"], other["seq"]) == (1, 3)
    with talk.shop.scope():
        assert Message.objects.filter(client_id="m1").count() == 1


def test_what_is_sent_over_rest_and_by_the_team_is_seen(talk):
    with talk.socket() as socket:
        with talk.shop.client(secret=talk.secret) as client:
            client.post("chat", json={"sessionId": talk.id, "message": "Over REST"})
        assert socket.until("message:new")["data"]["text"] == "Over REST"
        with talk.shop.scope():
            engine.close(engine.team_conversation(talk.conversation_id))
        updated = socket.until("conversation:updated", status="resolved")["data"]

    assert "contact_data" not in updated


def test_reading_and_typing(talk):
    with talk.socket() as socket:
        socket.send({"type": "read", "seq": 2})
        socket.send({"type": "typing"})
        socket.send({"type": "ping"})
        assert socket.next() == {"type": "pong"}

    with talk.shop.scope():
        assert Conversation.objects.get().visitor_read_seq == 2


def test_an_ended_conversation_goes_on_when_the_socket_names_it(talk):
    with talk.shop.scope():
        engine.close(engine.team_conversation(talk.conversation_id))

    with talk.socket(conversationId=talk.conversation_id) as socket:
        assert talk.ask(socket, key="m2")["conversationId"] == talk.conversation_id
    with talk.shop.scope():
        engine.close(engine.team_conversation(talk.conversation_id))
    with talk.socket() as socket:
        assert "conversationId" not in socket.ok["data"]
        assert talk.ask(socket, key="m3")["conversationId"] != talk.conversation_id


def test_a_refused_message_is_named_and_the_socket_stays(talk):
    with talk.socket() as socket:
        for frame in (
            {"messageId": "a", "text": "  "},
            {"messageId": "b", "text": "x" * 8001},
            {"messageId": "c", "text": 5},
            {"messageId": "d", "text": "x", "attachments": ["nonsense"]},
            {"messageId": "m1", "text": "Other words"},
        ):
            socket.send({"type": "message", **frame})
            error = socket.until("error") if frame["messageId"] == "m1" else socket.next()
            assert error["type"] == "error"
            assert error["messageId"] == frame["messageId"]
        assert error["code"] == "idempotency_key_reused"
        socket.send({"type": "message", "text": "no id"})
        assert socket.next()["code"] == "invalid"
        assert talk.ask(socket, "Fine", key="e")["seq"] == 3


def test_the_limit_of_messages_holds_here_too(talk):
    with talk.shop.scope():
        engine.take_over(
            engine.team_conversation(talk.conversation_id), make_member(talk.shop.tenant)
        )
    with talk.socket() as socket:
        for number in range(19):
            talk.ask(socket, f"{number}", key=f"n{number}")
        socket.send({"type": "message", "messageId": "late", "text": "x"})
        error = socket.until("error")

    assert (error["code"], error["messageId"]) == ("rate_limited", "late")
    assert 1 <= error["retryAfter"] <= 60


@pytest.mark.parametrize("frame", [{"type": "nonsense"}, {"type": 5}, {}, {"type": "auth"}])
def test_unknown_frames_are_answered_and_the_socket_stays(talk, frame):
    with talk.socket() as socket:
        socket.send(frame)
        assert socket.next()["code"] == "unknown_type"
        socket.send({"type": "ping"})
        assert socket.next() == {"type": "pong"}


@pytest.mark.parametrize(
    "frame", [b"\x00\x01", "{", "[]", "null", '{"a":1,"a":2}', '{"a":"\\u0000"}']
)
def test_malformed_frames_are_answered_until_there_are_too_many(session, frame):
    with session.socket() as socket:
        for _ in range(6):
            socket.send(frame)
        frames, code = socket.end()

    assert code == 4400
    assert [each["code"] for each in frames] == ["malformed_frame"] * 6


def test_silence_is_ended_after_five_seconds(shop):
    started = time.monotonic()
    with opened(shop) as socket:
        frames, code = socket.end()

    assert 4.5 < time.monotonic() - started < 7
    assert (frames[-1]["type"], frames[-1]["code"], code) == ("error", "auth_timeout", 4401)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "message"}, 4401),
        ({"token": "wt_wrong"}, 4401),
        ({"token": None}, 4401),
        ({"token": 5}, 4401),
        ({"sessionId": "other"}, 4401),
        ({"sessionId": ""}, 4401),
        ({"sessionSecret": "ss_wrong"}, 4401),
        ({"sessionSecret": None}, 4401),
        ({"lastEventId": -1}, 4401),
        ({"lastEventId": "x"}, 4401),
        ({"lastEventId": True}, 4401),
        ({"conversationId": "conv-456"}, 4404),
        ({"conversationId": "x" * 400}, 4404),
        ({"token": "x" * 9000}, 4413),
    ],
)
def test_a_first_frame_that_is_not_good_ends_the_socket(session, change, expected):
    with opened(session.shop) as socket:
        socket.send(session.auth(**change))
        frames, code = socket.end()

    assert code == expected
    assert [frame["type"] for frame in frames] == ["error"]


def test_a_frame_of_more_than_64_kib_ends_the_socket(session):
    with session.socket() as socket:
        socket.send({"type": "message", "messageId": "m", "text": "x" * 66_000})
        frames, code = socket.end()

    assert (frames[-1]["code"], code) == ("too_large", 4413)
    with session.shop.scope():
        assert not Message.objects.exists()


def test_other_tenants_and_sessions_see_and_open_nothing(talk, rival):
    stranger, neighbour = Session(rival), Session(talk.shop)
    for other in (stranger, neighbour):
        with opened(talk.shop) as socket:
            socket.send(other.auth(conversationId=talk.conversation_id))
            assert socket.end()[1] == 4404
    for token in (rival.token, talk.shop.token_of(talk.shop.bubble, "bubble_token") + "x"):
        with opened(talk.shop) as socket:
            socket.send(talk.auth(token=token))
            assert socket.end()[1] == 4401
    with neighbour.socket() as socket, talk.socket() as own:
        talk.ask(own, "Secret", key="m2")
        own.until("message:new")
        assert socket.is_silent()


def test_only_listed_pages_get_in(session):
    with session.shop.scope():
        session.shop.bubble.origins = ["https://shop.example"]
        session.shop.bubble.save()

    with opened(session.shop, origin="https://evil.example") as socket:
        socket.send(session.auth())
        frames, code = socket.end()
    with session.socket(origin="https://shop.example"):
        pass

    assert (frames[0]["code"], code) == ("origin_not_allowed", 4403)


def test_a_bubble_token_opens_the_socket_too(session):
    token = session.shop.token_of(session.shop.bubble, Credential.Kind.BUBBLE_TOKEN)

    with session.socket(token=token):
        pass


@pytest.mark.parametrize("how", ["revoked", "suspended"])
def test_a_token_that_ends_takes_its_sockets_along_within_two_seconds(session, how):
    with session.socket() as socket:
        started = time.monotonic()
        if how == "revoked":
            credentials.revoke(
                Credential.objects.get(tenant=session.shop.tenant, kind="widget_token")
            )
        else:
            Tenant.objects.filter(pk=session.shop.tenant.pk).update(
                suspended_at=session.shop.tenant.created_at
            )
        frames, code = socket.end()

    assert time.monotonic() - started < 2.5
    assert frames[-1]["type"] == "error"
    assert code in (4401, 4403)


def test_a_socket_shows_the_secret_so_the_session_needs_it(shop, live_worker):
    with shop.client() as client:
        body = client.post("chat", json={"sessionId": "s", "message": "x"}).json()
    auth = {
        "type": "auth",
        "token": shop.token,
        "sessionId": "s",
        "sessionSecret": body["sessionSecret"],
    }
    with opened(shop) as socket:
        socket.send(auth)
        assert socket.next()["data"]["conversationId"] == body["conversationId"]

    with shop.scope():
        assert VisitorSession.objects.get().secret_seen


def test_a_page_names_the_language_with_its_message(shop, session):
    said = {"type": "message", "messageId": "m1", "text": QUESTION, "language": "en-GB"}
    with session.socket() as socket:
        socket.send(said)
        ack = socket.until("ack", messageId="m1")["data"]

    with shop.scope():
        assert Conversation.objects.get(pk=ack["conversationId"]).named_language == "en"


def test_a_socket_turns_to_the_conversation_that_a_message_begins(talk):
    with talk.socket(lastEventId=talk.last) as socket:
        anew = {"type": "message", "messageId": "anew", "text": "Else", "newConversation": True}
        socket.send(anew)
        ack = socket.until("ack", messageId="anew")["data"]
        first = socket.until("message:new")
        with talk.shop.scope():
            marks.mark_read(engine.team_conversation(talk.conversation_id))
            engine.close(engine.team_conversation(ack["conversationId"]))
        ended = socket.until("conversation:updated", owner="closed")
        socket.send(anew)
        assert socket.until("ack", messageId="anew")["data"] == ack

    assert ack["conversationId"] != talk.conversation_id
    assert (ack["seq"], first["id"], first["data"]["text"]) == (1, 1, "Else")
    assert ended["data"]["id"] == ack["conversationId"]
