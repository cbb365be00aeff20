"""Whatever is sent, the client hears ZeebeeAI's own error, and nothing is half-written."""

import pytest

from gateways.zeebee import codec
from tests.bad_input.corpus import GIVEN_NOT_TEXT as WRONG
from tests.factories import make_tenant
from tests.gateways.zeebee.chats import QUESTION, Place
from tests.isolation.rows import fingerprint
from tests.leaks import leaks

GOOD = {
    "init": {"user_id": "kim"},
    "message": {"message": QUESTION},
    "audio": {"audio_data": "UklGRg=="},
}
WRONG_FIELDS = {
    ("init", "user_id"): [*WRONG, "", "k" * 129],
    ("init", "api_key"): [*WRONG, "sk_", "sk_nonsense", "sk_é", "x" * 4000],
    ("init", "session_token"): [*WRONG, "ss_nonsense", "ss_é"],
    ("init", "conversation_id"): WRONG,
    ("init", "client_info"): [5, True, "x", [], ["x"], {"x": "y" * 4096}],
    ("message", "message"): [*WRONG, "", "   \n\t", "x" * 8001],
    ("message", "conversation_id"): [*WRONG, "conv_12345", "9" * 400, "null", "' or 1=1 --"],
    ("audio", "audio_data"): [*WRONG, "", "x", "Ukl-Rg==", "x" * 100_001],
    ("audio", "conversation_id"): WRONG,
}


@pytest.fixture
def place(live_server_url):
    return Place(make_tenant("Acme", guests_allowed=True), live_server_url)


@pytest.fixture(autouse=True)
def _rival_loses_nothing(live_server_url):
    rival = Place(make_tenant("Globex", guests_allowed=True), live_server_url).tenant
    before = fingerprint(rival.id)
    yield
    assert fingerprint(rival.id) == before


@pytest.fixture
def client(place):
    """A server that has begun, so that everything can be refused for what it is."""
    with place.server(user_id="kim") as client:
        yield client


def fine(message):
    assert message
    assert not leaks(message), message
    assert "Something went wrong" not in message
    return True


@pytest.mark.parametrize(("type", "field"), WRONG_FIELDS)
def test_fields_of_the_wrong_type_or_length_are_refused(place, client, type, field):
    before = place.stored()
    if field == "session_token":
        client.ws.close()
        with place.client(guest=True) as client:
            for value in WRONG_FIELDS[type, field]:
                assert fine(client.refusal(type, **{**GOOD[type], field: value})), value
    else:
        for value in WRONG_FIELDS[type, field]:
            assert fine(client.refusal(type, **{**GOOD[type], field: value})), value

    assert place.stored() == before


def test_missing_fields_are_named(place, client):
    assert client.refusal("init") == codec.AUTHENTICATION_REQUIRED
    assert client.refusal("message") == codec.NO_MESSAGE
    assert client.refusal("audio") == codec.NO_AUDIO
    for kind in (None, 7, [], {}, "", "Message", "response", "init_ack"):
        assert client.refusal(kind, message=QUESTION) == codec.UNKNOWN_TYPE

    assert set(place.stored().values()) == {0}


def test_what_cannot_be_read_is_refused_and_the_sixth_is_the_last(place):
    with place.client() as client:
        for number in range(6):
            client.ws.send(b"\x00" if number % 2 else "{")
        errors, code = client.end()

    texts = {(frame["type"], frame["message"]) for frame in errors}
    assert texts == {("error", "The frame is not a JSON object in a text frame.")}
    assert (len(errors), code) == (6, 4400)
    assert set(place.stored().values()) == {0}
