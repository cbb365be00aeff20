import base64

import pytest

from gateways.zeebee import codec

NOT_TEXT = [7, 1.5, True, [], ["x"], {}, {"a": 1}]
MESSAGE = {
    "id": "m2",
    "conversationId": "c1",
    "author": {"kind": "assistant", "id": "a1", "name": "Ada"},
    "text": "Is it one of these?",
    "attachments": [],
    "sources": [],
    "choices": [],
    "createdAt": "2026-01-01T00:00:00.000Z",
}
SAID = {
    "text": "Is it one of these?",
    "message_id": "m2",
    "role": "assistant",
    "created_at": "2026-01-01T00:00:00.000Z",
}


def refusal(read, **frame):
    with pytest.raises(codec.Refused) as refused:
        read(frame)
    return str(refused.value)


def test_a_client_begins_with_a_key_or_a_name_or_both():
    assert codec.read_init({"api_key": "sk_1"}) == codec.Init(api_key="sk_1")
    assert codec.read_init({"user_id": "kim", "api_key": None}) == codec.Init(user_id="kim")
    assert codec.read_init(
        {
            "api_key": "sk_1",
            "user_id": "kim",
            "conversation_id": "c1",
            "session_token": "ss_1",
            "client_info": {"page": "/"},
            "model": "gpt-4o",
            "anything": [],
        }
    ) == codec.Init("sk_1", "kim", "ss_1", "c1", "gpt-4o", {"page": "/"})


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"user_id": ""},
        {"user_id": " \t"},
        {"user_id": None, "api_key": None},
        {"user_id": "k" * 129},
        {"api_key": "sk_1", "user_id": "k" * 129},
        *({"user_id": value} for value in NOT_TEXT),
    ],
)
def test_a_client_that_names_neither_is_told_what_is_required(frame):
    assert refusal(codec.read_init, **frame) == codec.AUTHENTICATION_REQUIRED


@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_field_of_the_wrong_kind_is_named(value):
    known = {"api_key": "sk_1", "message": "Hello?", "audio_data": "UklGRg=="}

    assert refusal(codec.read_init, api_key=value) == codec.INVALID_API_KEY
    for name in ("session_token", "conversation_id"):
        said = refusal(codec.read_init, **{**known, name: value})
        assert said == f"{name} must be text."
    for read in (codec.read_message, codec.read_audio):
        said = refusal(read, **{**known, "conversation_id": value})
        assert said == "conversation_id must be text."
    assert refusal(codec.read_message, message=value) == "message must be text."
    assert refusal(codec.read_audio, audio_data=value) == codec.INVALID_AUDIO


@pytest.mark.parametrize("value", [7, True, "text", [], ["x"]])
def test_client_info_is_an_object(value):
    said = refusal(codec.read_init, user_id="kim", client_info=value)

    assert said == "client_info must be an object."


def test_client_info_is_bounded():
    for text in ("x" * 4084, "é" * 2042):
        assert codec.read_init({"user_id": "kim", "client_info": {"page": text}})
        said = refusal(codec.read_init, user_id="kim", client_info={"pages": text})
        assert said == "client_info has at most 4096 bytes."


def test_a_message_has_a_text():
    assert codec.read_message({"message": " Hello? "}) == codec.Message(" Hello? ")
    assert codec.read_message({"message": "Hello?", "conversation_id": "c1", "model": 7}) == (
        codec.Message("Hello?", "c1")
    )
    for frame in ({}, {"message": None}, {"message": ""}, {"message": " \n"}):
        assert refusal(codec.read_message, **frame) == codec.NO_MESSAGE


def test_audio_is_base64():
    encoded = base64.b64encode(b"RIFF").decode()

    assert codec.read_audio({"audio_data": encoded}) == codec.Audio(b"RIFF")
    for frame in ({}, {"audio_data": None}, {"audio_data": ""}):
        assert refusal(codec.read_audio, **frame) == codec.NO_AUDIO
    for wrong in (
        "x",
        "UklGRg",
        "Ukl GRg==",
        "Ukl-Rg==",
        "é" * 4,
        "data:audio/webm;base64,UklGRg==",
    ):
        assert refusal(codec.read_audio, audio_data=wrong) == codec.INVALID_AUDIO


def test_a_client_that_begins_anew_is_told_of_no_conversation():
    assert codec.init_ack(user_id="kim", session_token="ss_1") == {
        "type": "init_ack",
        "status": "connected",
        "user_id": "kim",
        "session_token": "ss_1",
    }


def test_a_client_that_goes_on_is_told_what_was_said_oldest_first():
    asked = {**MESSAGE, "id": "m1", "text": "Well?", "author": {"kind": "visitor", "name": ""}}
    frame = codec.init_ack(user_id="kim", conversation_id="c1", history=[MESSAGE, asked])

    assert (frame["conversation_id"], "session_token" in frame) == ("c1", False)
    assert frame["history"] == [
        {**SAID, "message_id": "m1", "text": "Well?", "role": "user"},
        SAID,
    ]


def test_a_history_is_as_long_as_a_frame_should_be():
    def texts(*lengths):
        messages = [{**MESSAGE, "text": "x" * length} for length in lengths]
        frame = codec.init_ack(user_id="kim", conversation_id="c1", history=messages)
        return [len(said["text"]) for said in frame["history"]]

    assert texts(8_000, 7_000, 34_700) == [34_700, 7_000, 8_000]
    assert texts(8_000, 41_801, 1) == [8_000]
    assert texts(60_000, 1) == [60_000]


def test_a_response_is_what_was_said_and_where():
    assert codec.response(MESSAGE) == {"type": "response", **SAID, "conversation_id": "c1"}


def test_a_response_names_its_sources_and_the_person_who_wrote_it():
    source = {"title": "Help", "url": "https://example.com", "sourceId": "s1"}
    author = {"kind": "agent", "id": "p1", "name": "Kim"}
    frame = codec.response({**MESSAGE, "sources": [source], "author": author})

    assert (frame["role"], frame["name"]) == ("agent", "Kim")
    assert frame["sources"] == [{"title": "Help", "url": "https://example.com"}]


def test_what_other_clients_draw_is_written_out():
    file = {"id": "f1", "name": "plan.pdf", "contentType": "application/pdf", "size": 7}
    text = {**MESSAGE, "choices": ["Returns", "Parcels"], "attachments": [file]}

    assert codec.response(text)["text"] == "Is it one of these?\n- Returns\n- Parcels\n[plan.pdf]"
    assert codec.response({**text, "text": "", "choices": []})["text"] == "[plan.pdf]"


def test_a_status_says_who_answers_in_the_conversations_own_words_if_it_has_some():
    assert codec.processing("c1") == {
        "type": "status",
        "status": "processing",
        "message": "Processing your message...",
        "conversation_id": "c1",
    }
    assert codec.owned("human", "c1", "Kim joined the conversation.") == {
        "type": "status",
        "status": "agent",
        "message": "Kim joined the conversation.",
        "conversation_id": "c1",
    }
    assert codec.owned("waiting", "c1")["message"] == codec.OWNERS["waiting"][1]


@pytest.mark.parametrize("ping_id", ["a", "x" * 128, 7, 0])
def test_a_pong_returns_the_pings_id(ping_id):
    assert codec.pong({"type": "ping", "ping_id": ping_id}, 1) == {
        "type": "pong",
        "timestamp": 1,
        "ping_id": ping_id,
    }


@pytest.mark.parametrize("ping_id", [None, "x" * 129, 1.5, [], {}])
def test_a_pong_returns_nothing_odd(ping_id):
    assert codec.pong({"type": "ping", "ping_id": ping_id}, 1) == {"type": "pong", "timestamp": 1}


def test_a_warning_has_every_field():
    assert codec.connection_warning(30) == {
        "type": "connection_warning",
        "level": "warning",
        "message": "Your connection appears to be inactive. "
        "Please respond or send any message to keep the connection alive.",
        "time_remaining": 30,
        "reconnect_required": False,
        "ping_requested": True,
    }


def test_errors_have_the_protocols_text_or_ours():
    assert codec.error("Anything.", code="unheard_of") == {"type": "error", "message": "Anything."}
    assert codec.error("Ours.", code="invalid_credentials")["message"] == codec.INVALID_API_KEY
    assert codec.error("Ours.", code="guests_not_allowed")["message"] == codec.NOT_LOGGED_IN
    assert codec.error("Ours.", code="rate_limited", retry_after=7)["message"] == (
        "Too many requests. Try again in 7 seconds."
    )
    assert codec.error("Spent.", code="budget_spent", retry_after=7)["message"] == "Spent."
