"""What the matrix of ids cannot show on ZeebeeAI's socket: those who have proved nothing."""

import json

import pytest

from tenants.ids import uuid7
from tests.factories import make_tenant
from tests.gateways.zeebee.chats import QUESTION, Place
from tests.isolation.rows import rows


@pytest.fixture(scope="module")
def places(live_server_url):
    fields = {"guests_allowed": True, "is_demo": True}
    return tuple(Place(make_tenant(name, **fields), live_server_url) for name in ("Acme", "Globex"))


def guests_conversation(place):
    with place.guest("kim") as client:
        return client.say(f"I am {place.tenant.slug}")["conversation_id"]


def users_conversation(place):
    with place.server(user_id="lee") as client:
        return client.say(f"I am {place.tenant.slug}")["conversation_id"]


def test_a_guest_without_a_token_begins_anew_whatever_is_named(places):
    acme, globex = places
    known = [make(place) for place in places for make in (guests_conversation, users_conversation)]
    before, begun = rows(globex.tenant.id), []

    for where in [*known, str(uuid7()), "conv-456", None]:
        with acme.client(guest=True) as client:
            ack = client.begin(user_id="kim", conversation_id=where)
            status = client.say("Anew.", conversation_id=where)
        assert list(ack) == ["type", "status", "user_id", "session_token"]
        assert "I am" not in json.dumps([ack, status])
        assert acme.texts(status["conversation_id"])[0] == ("visitor", "Anew.")
        begun.append(status["conversation_id"])

    assert len({*begun, *known}) == len(begun) + len(known)
    assert rows(globex.tenant.id) == before


def test_before_a_client_begins_nothing_is_read(places):
    acme, globex = places
    known = [guests_conversation(acme), users_conversation(globex), str(uuid7())]
    before = [rows(place.tenant.id) for place in places]

    with acme.client(guest=True) as client:
        said = {
            client.refusal("message", message=QUESTION, conversation_id=where) for where in known
        }

    assert len(said) == 1
    assert [rows(place.tenant.id) for place in places] == before
