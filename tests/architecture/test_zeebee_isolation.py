"""Nobody reads or changes another's byte on ZeebeeAI's socket; FRAMES names its frames."""

import json

import pytest

from gateways.zeebee import codec
from tenants.ids import uuid7
from tests.architecture.test_isolation import GARBAGE, World
from tests.factories import make_tenant, make_visitor, write
from tests.gateways.zeebee.chats import QUESTION, Place
from tests.gateways.zeebee.test_documents import OF_THE_CLIENT, OF_THE_SERVER

# The frames that are read, and the ids in them that are somebody's.
FRAMES = {
    "init": ("conversation_id", "session_token", "api_key", "user_id"),
    "message": ("conversation_id",),
    "audio": (),
    "ping": (),
    "pong": (),
}


class Side(Place):
    """A tenant with two guests, two users of a server and a conversation of another kind."""

    def __init__(self, name, url):
        super().__init__(make_tenant(name, guests_allowed=True), url)
        self.canary = f"canary-{uuid7().hex}"
        self.mine = self.guest_conversation("kim")
        self.other_guests = self.guest_conversation("kim")
        self.users = self.user_conversation("lee")
        self.other_users = self.user_conversation("ann")
        with self.scope():
            elsewhere = write(self.tenant, make_visitor(), self.canary)
        self.elsewhere = str(elsewhere.conversation_id)

    def guest_conversation(self, user_id):
        with self.guest(user_id) as client:
            where = client.say(self.canary)["conversation_id"]
            return {"session_token": client.ack["session_token"], "conversation_id": where}

    def user_conversation(self, user_id):
        with self.server(user_id=user_id) as client:
            return {"conversation_id": client.say(self.canary)["conversation_id"]}

    def dump(self):
        return World.dump(self)

    def refusals(self, begun, *frames):
        """What these frames are answered on one connection that has begun, or on none."""
        with self.client(guest=True) as client:
            if begun:
                client.begin(**begun)
            return [client.refusal(**frame) for frame in frames]


@pytest.fixture(scope="module")
def sides(live_server_url):
    return Side("Acme", live_server_url), Side("Globex", live_server_url)


def strangers(acme, globex, *others):
    """Ids of conversations that are not the caller's."""
    theirs = [globex.mine, globex.users, *others]
    ids = [one["conversation_id"] for one in theirs]
    return [*ids, acme.elsewhere, globex.elsewhere, str(uuid7()), *GARBAGE]


def test_every_frame_that_is_read_is_in_the_table(sides):
    assert set(FRAMES) == OF_THE_CLIENT

    with sides[0].server() as client:
        for frame in OF_THE_SERVER - OF_THE_CLIENT:
            assert client.refusal(frame, message=QUESTION) == codec.UNKNOWN_TYPE
        for frame in OF_THE_CLIENT - {"pong"}:
            client.send(frame)
            assert client.next().get("message") != codec.UNKNOWN_TYPE, frame
        client.send("pong")
        client.send("ping")
        assert client.next()["type"] == "pong"


def test_a_server_reaches_nothing_of_the_other_tenant_nor_of_another_door(sides):
    acme, globex = sides
    before = acme.dump(), globex.dump()

    said = []
    for where in strangers(acme, globex):
        init = {"type": "init", "api_key": acme.key, "conversation_id": where}
        message = {"type": "message", "message": QUESTION, "conversation_id": where}
        said += acme.refusals({"api_key": acme.key}, message, init)

    assert set(said) == {"Conversation not found."}
    assert (acme.dump(), globex.dump()) == before


def test_a_user_whom_a_server_names_reaches_nothing_of_another_user(sides):
    acme, globex = sides
    before = acme.dump(), globex.dump()
    known = {"api_key": acme.key, "user_id": "lee"}

    said = []
    for where in strangers(acme, globex, acme.other_users, acme.mine):
        message = {"type": "message", "message": QUESTION, "conversation_id": where}
        init = {"type": "init", **known, "conversation_id": where}
        said += acme.refusals(known, message, init)

    assert set(said) == {"Conversation not found."}
    assert (acme.dump(), globex.dump()) == before


def test_a_guest_reaches_nothing_of_another_guest(sides):
    acme, globex = sides
    known = {"user_id": "kim", "session_token": acme.mine["session_token"]}
    # What coming back itself notes.
    acme.refusals(known)
    before = acme.dump(), globex.dump()

    said = []
    for where in strangers(acme, globex, acme.other_guests, acme.users):
        message = {"type": "message", "message": QUESTION, "conversation_id": where}
        init = {"type": "init", **known, "conversation_id": where}
        said += acme.refusals(known, message, init)

    assert set(said) == {"Conversation not found."}
    assert (acme.dump(), globex.dump()) == before


def test_a_guest_comes_back_with_nobody_elses_token(sides):
    acme, globex = sides
    before = acme.dump(), globex.dump()
    tokens = [globex.mine["session_token"], "ss_" + "0" * 32, acme.key, *GARBAGE]
    known = {"type": "init", "user_id": "kim", **acme.mine}

    said = acme.refusals({}, *({**known, "session_token": token} for token in tokens))
    said += acme.refusals({}, {**known, "user_id": "lee"})

    assert len(set(said)) == 1
    assert said[0].startswith("You need to be logged in")
    assert (acme.dump(), globex.dump()) == before


def test_a_guest_without_a_token_begins_anew_whatever_is_named(sides):
    acme, globex = sides
    before = globex.dump()
    named = strangers(acme, globex, acme.mine, acme.other_guests, acme.users)
    begun = []
    # Without limits: more begin here than one address may.
    acme.tenant.is_demo = True
    acme.tenant.save()
    for where in [*named, None]:
        with acme.client(guest=True) as client:
            ack = client.begin(user_id="kim", conversation_id=where)
            status = client.say("Anew.", conversation_id=where)
        assert list(ack) == ["type", "status", "user_id", "session_token"]
        assert acme.canary not in json.dumps([ack, status])
        assert acme.texts(status["conversation_id"])[0] == ("visitor", "Anew.")
        begun.append(status["conversation_id"])

    assert len({*begun, *named}) == len(begun) + len(set(named))
    assert globex.dump() == before


def test_before_a_client_begins_nothing_is_read(sides):
    acme, globex = sides
    before = acme.dump(), globex.dump()
    frames = [
        {"type": "message", "message": QUESTION, "conversation_id": where}
        for where in strangers(acme, globex, acme.mine, acme.users)
    ]

    said = acme.refusals({}, *frames)

    assert len(set(said)) == 1
    assert (acme.dump(), globex.dump()) == before


def test_no_other_credential_opens_the_socket(sides):
    acme, globex = sides
    wrong = [acme.mine["session_token"], acme.new_key(scopes=["conversations:write"]), "sk_x"]

    said = acme.refusals({}, *({"type": "init", "api_key": key} for key in wrong))

    assert set(said) == {"Invalid API key. Please check your credentials."}
    assert globex.key != acme.key
