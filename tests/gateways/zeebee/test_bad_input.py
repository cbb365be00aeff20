"""Whatever is sent, the client hears ZeebeeAI's own error, and nothing is half-written."""

import asyncio
import json

import pytest
from channels.testing import WebsocketCommunicator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateways.zeebee import codec
from gateways.zeebee.socket import ZeebeeSocket
from livechat.asgi import application
from realtime.feeds import hub
from tests.factories import make_tenant
from tests.gateways.zeebee.chats import QUESTION, Place
from tests.widgets.test_bad_input import MALFORMED, NOT_TEXT

LEAKS = ("Traceback", "SELECT", "psycopg", "django", ".py", "Something went wrong")
WRONG = [value for value in NOT_TEXT if value is not None]
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
# Without what is no JSON, which has a test of its own.
texts = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.sampled_from(["", "sk_x", "ss_x", "kim", "UklGRg=="]),
)
numbers = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
FIELDS = ("user_id", "session_token", "conversation_id", "client_info", "model", "message")
names = st.sampled_from([*FIELDS, "api_key", "audio_data", "ping_id", "timestamp"])
frames = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(["init", "message", "audio", "ping", "pong"]) | values,
    st.dictionaries(names, values, max_size=4),
)


@pytest.fixture
def place(live_server_url):
    return Place(make_tenant("Acme", guests_allowed=True), live_server_url)


@pytest.fixture
def client(place):
    """A server that has begun, so that everything can be refused for what it is."""
    with place.server(user_id="kim") as client:
        yield client


def fine(message):
    assert message
    assert not any(leak in message for leak in LEAKS), message
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


@pytest.mark.parametrize("has_begun", [True, False])
def test_what_is_no_json_object_is_refused_and_the_sixth_is_the_last(place, has_begun):
    """As text if it is any, else as the bytes that they are."""
    for start in range(0, len(MALFORMED), 5):
        with place.client() as client:
            if has_begun:
                client.begin(api_key=place.key)
            small = [one for one in MALFORMED[start : start + 5] if len(one) < 8_000]
            for body in small:
                try:
                    client.ws.send(body.decode())
                except UnicodeDecodeError:
                    client.ws.send(body)
                assert client.error() == "The frame is not a JSON object in a text frame."
    with place.client() as client:
        for _ in range(6):
            client.ws.send(b"\x00")
        errors, code = client.end()

    assert ({frame["type"] for frame in errors}, len(errors), code) == ({"error"}, 6, 4400)
    assert set(place.stored().values()) == {0}


@pytest.mark.parametrize(
    "text", ["\N{RIGHT-TO-LEFT OVERRIDE}x", "\U0001f600" * 9, "{{7*7}} %s", "a\r\nb"]
)
def test_odd_texts_are_kept_as_they_are(place, client, text):
    where = client.say(text)["conversation_id"]

    assert place.texts(where) == [("visitor", text)]


@given(script=st.lists(frames, min_size=1, max_size=6))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_frame_gets_one_answer_in_the_protocols_words(place, monkeypatch, script):
    monkeypatch.setattr(ZeebeeSocket, "rate_limit", 1000)

    asyncio.run(_play(place, script))


async def _play(place, script):
    headers = [(b"host", b"localhost")]
    socket = WebsocketCommunicator(application, "/ws", headers=headers)
    socket.scope["client"] = ("192.0.2.1", 50000)
    assert (await socket.connect())[0]
    await socket.receive_json_from(timeout=5)
    for frame in [{"type": "init", "api_key": place.key}, *script, {"type": "ping"}]:
        await socket.send_to(text_data=json.dumps(frame))
        if frame["type"] != "pong":
            answer = await socket.receive_json_from(timeout=5)
            assert answer["type"] in ("init_ack", "status", "pong", "error"), answer
            assert fine(answer.get("message", "-"))
    assert answer["type"] == "pong"
    await socket.disconnect()
    await hub().close()
