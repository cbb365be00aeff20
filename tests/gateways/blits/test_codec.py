"""Blits' words, read and written, without a server."""

import json

import pytest

from gateways.blits import codec
from gateways.blits.codec import Command, Invalid, Opening, Said
from gateways.blits.socket import BlitsSocket

MESSAGE = {
    "id": "m",
    "conversationId": "c",
    "author": {"kind": "assistant"},
    "text": "Which one?",
    "choices": ["Returns", "Hours"],
    "attachments": [{"name": "form.pdf"}],
    "createdAt": "2026-01-15T10:30:00.000Z",
}
WRONG = {
    "text": [5, 1.5, True, [], {}, ["x"]],
    "flag": [5, "true", [], {}],
    "object": [5, "x", True, [], [{}]],
}
READERS = {
    codec.read_command: {
        "command": "text",
        "authToken": "text",
        "sessionSecret": "text",
        "requestId": "text",
        "conversationId": "text",
        "userId": "text",
    },
    codec.read_opening: {
        "conversationId": "text",
        "userId": "text",
        "setCurrentLanguageTo": "text",
        "environment": "text",
        "tts": "object",
    },
    codec.read_message: {
        "message": "text",
        "userId": "text",
        "language": "text",
        "type": "text",
        "speechResponse": "flag",
        "speechData": "text",
        "fileData": "text",
        "fileExtension": "text",
        "llmAdditionalInput": "text",
    },
    codec.read_variables: {"variables": "object"},
}
WRONG_FIELDS = [
    (read, name, value)
    for read, fields in READERS.items()
    for name, kind in fields.items()
    for value in WRONG[kind]
]
TOO_LONG = [
    (codec.read_command, "requestId", 200),
    (codec.read_command, "userId", 128),
    (codec.read_command, "authToken", 2_000),
    (codec.read_command, "sessionSecret", 100),
    (codec.read_opening, "setCurrentLanguageTo", 35),
    (codec.read_message, "language", 35),
    (codec.read_message, "fileExtension", 16),
    (codec.read_message, "llmAdditionalInput", 8_000),
]


@pytest.mark.parametrize(("read", "name", "value"), WRONG_FIELDS)
def test_a_field_of_another_type_is_named(read, name, value):
    with pytest.raises(Invalid, match=f"^{name}: Must be"):
        read({name: value})


@pytest.mark.parametrize(("read", "name", "longest"), TOO_LONG)
def test_a_text_that_is_too_long_is_named(read, name, longest):
    read({name: "x" * longest})
    with pytest.raises(Invalid, match=f"^{name}: At most {longest} characters"):
        read({name: "x" * (longest + 1)})


def test_null_and_nothing_are_the_same_and_other_names_are_ignored():
    nothing = Command("", "", "", None, "", "")
    for frame in ({}, dict.fromkeys(READERS[codec.read_command]), {"other": [1]}):
        assert codec.read_command(frame) == nothing
    assert codec.read_opening({"tts": None}) == Opening("", "", "", False, False)


@pytest.mark.parametrize(
    ("environment", "is_test"),
    [("test", True), ("production", False), ("", False), ("Test", False)],
)
def test_only_the_word_test_means_staging(environment, is_test):
    assert codec.read_opening({"environment": environment}).is_test is is_test


def test_speech_has_its_place_until_it_is_spoken():
    assert codec.read_opening({"tts": {"streaming": True}}).streams_speech
    with pytest.raises(Invalid, match=r"^streaming"):
        codec.read_opening({"tts": {"streaming": "yes"}})
    said = codec.read_message({"speechData": "UklGRg==", "speechResponse": True})
    assert (said.speech, said.wants_speech, said.is_empty) == ("UklGRg==", True, True)


def test_a_message_is_read_as_it_was_written():
    said = codec.read_message(
        {
            "message": " Hello! ",
            "type": "NEW",
            "fileData": "eA==",
            "fileExtension": ".pdf",
            "location": [-90, 180.0],
            "llmAdditionalInput": "Page 4.",
            "userId": "kim",
            "language": "EN",
        }
    )

    assert said == Said(
        text=" Hello! ",
        user_id="kim",
        language="EN",
        is_opening=True,
        wants_speech=False,
        speech="",
        file="eA==",
        file_name="file.pdf",
        additional_input={
            "additionalInput": "Page 4.",
            "location": {"latitude": -90, "longitude": 180.0},
        },
    )


@pytest.mark.parametrize(
    "location",
    [5, "x", True, {}, [], [1], [1, 2, 3], ["1", "2"], [True, False], [None, 1], [91, 0], [0, 181]],
)
def test_a_place_is_two_numbers_of_degrees(location):
    with pytest.raises(Invalid, match=r"^location"):
        codec.read_message({"location": location})


def test_variables_have_at_most_eight_kibibytes():
    assert codec.read_variables({"variables": {"a": "x" * 8000}})
    with pytest.raises(Invalid, match=r"^variables: At most"):
        codec.read_variables({"variables": {"a": "ü" * 5000}})


def test_files_are_strict_base64_which_may_be_broken_into_lines():
    assert codec.decoded("aGVs\r\nbG8=\n") == b"hello"
    for text in ("aGVsbG8", "aGVs-bG8_", "not base64!", "data:text/plain;base64,aGVsbG8=", "ü"):
        with pytest.raises(Invalid, match=r"^fileData"):
            codec.decoded(text)


def test_an_answer_carries_choices_and_files_in_its_text():
    assert codec.answer(MESSAGE, language="en", request_id="r") == {
        "command": "message",
        "conversationId": "c",
        "response": "Which one?\n- Returns\n- Hours\n[form.pdf]",
        "language": "en",
        "emotions": ["neutral"],
        "isPartOfMainContent": True,
        "messageId": "m",
        "requestId": "r",
    }
    assert "requestId" not in codec.answer(MESSAGE, language="en")


def test_history_knows_users_and_bots_and_people_are_the_latter():
    kinds = ("visitor", "assistant", "agent", "system")
    said = [{**MESSAGE, "author": {"kind": kind}} for kind in kinds]

    entries = codec.history(said)

    assert [entry["type"] for entry in entries] == ["user", "bot", "bot", "bot"]
    assert entries[0].keys() == {"type", "message", "timestamp", "messageId"}


@pytest.mark.parametrize("length", [0, 100, 8_000])
def test_a_history_and_what_is_told_behind_it_fit_into_a_sockets_buffer(length):
    plain = {**MESSAGE, "choices": [], "attachments": []}
    said = [{**plain, "id": str(number), "text": "😀" * length} for number in range(500)]

    entries = codec.history(said)

    frame = json.dumps(codec.reply("loadHistory", None, chatHistory=entries), ensure_ascii=False)
    assert len(frame.encode()) < 220_000 < BlitsSocket.buffer_limit
    assert [int(entry["messageId"]) for entry in entries] == [*range(500 - len(entries), 500)]
    assert len(entries) >= 6


def test_an_error_says_what_and_how_to_go_on():
    assert codec.error("rate_limited", "Too many.", retry_after=7, request_id="r") == {
        "error": "Too many",
        "errorHint": "Try again in 7 seconds",
        "active": False,
        "conversationId": None,
        "requestId": "r",
    }
    spent = codec.error("budget_spent", "The budget is spent.", retry_after=60)
    assert spent["errorHint"].endswith(". Try again in 60 seconds")
    assert codec.timed_out("c", "r")["error"] == "External API timed out"
    assert len(codec.error("x", "x", conversation_id="c" * 500)["conversationId"]) == 100


def test_an_error_echoes_only_what_can_be_echoed():
    assert codec.echo({"conversationId": "c", "requestId": "r"}) == ("c", "r")
    for wrong in (None, 5, [], {}, True):
        assert codec.echo({"conversationId": wrong, "requestId": wrong}) == ("", None)
    assert codec.echo({"requestId": "r" * 201}) == ("", None)
