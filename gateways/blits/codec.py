"""Blits' words: what its clients send, and how they are answered, on the socket and over HTTP."""

import base64
import binascii
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateways.words import latest, words

Fields = Mapping[str, Any]

USER_ID_LENGTH = 128
REQUEST_ID_LENGTH = 200
LANGUAGE_LENGTH = 35
EXTENSION_LENGTH = 16
WORD_LENGTH = 100
# Of a conversationId that an error repeats; no longer one names anything.
ECHO_LENGTH = 100
SECRET_LENGTH = 100
TOKEN_LENGTH = 2_000
ADDITIONAL_INPUT_LENGTH = 8_000
VARIABLES_BYTES = 8 * 1024
LATITUDE, LONGITUDE = 90, 180

# What an answer to initialize calls itself.
SOCKET_CHANNEL, REST_CHANNEL = "API", "externalApi"

TIMED_OUT = "External API timed out"
EXPIRED_HINT = "conversationId expired. Initialize a new conversation"
# What a client is told beside our own sentence, by the error's code.
HINTS = {
    "conversation_not_found": EXPIRED_HINT,
    "external_api_timeout": "The answer took too long. It is still sent if it comes",
    "invalid_credentials": "Use the API token of the assistant, or the token of the chat bubble",
    "invalid_session_secret": "Initialize without sessionSecret to begin anew",
    "session_secret_required": "Send the sessionSecret of the first answer",
    "origin_not_allowed": "Add this origin to the chat bubble's authorised origins",
    "not_initialized": "Send the command initialize first",
    "speech_not_supported": "Send the text as message instead",
    "budget_spent": "The budget for answers is spent. A person can still be reached",
    "malformed_frame": "Send one JSON object in each text frame",
    "too_large": "A frame has at most 15 MiB, and 8 KiB before initialize",
    "no_opening_message": "Send a message instead",
    "unknown_command": "See the list of commands in the documentation",
    "server_token_required": "Use the API token of the assistant, from your server",
}


class Invalid(ValueError):
    """A field is not what the protocol says; the text names it and says why."""


@dataclass(frozen=True)
class Command:
    """What every command carries beside its own fields. Nothing of it is proved yet."""

    name: str
    token: str
    secret: str
    request_id: str | None
    conversation_id: str
    user_id: str


@dataclass(frozen=True)
class Opening:
    """What ``initialize`` asks for; without a ``conversation_id`` a new conversation."""

    conversation_id: str
    user_id: str
    language: str
    is_test: bool
    streams_speech: bool
    secret: str = ""


@dataclass(frozen=True)
class Said:
    """A visitor's message. ``file`` and ``speech`` are base64 as they came."""

    text: str
    user_id: str
    language: str
    is_opening: bool
    wants_speech: bool
    speech: str
    file: str
    file_name: str
    additional_input: dict[str, Any]

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.file)


def read_command(frame: Fields) -> Command:
    """Raises Invalid."""
    return Command(
        name=_text(frame, "command", WORD_LENGTH),
        token=_text(frame, "authToken", TOKEN_LENGTH),
        secret=_text(frame, "sessionSecret", SECRET_LENGTH),
        request_id=_text(frame, "requestId", REQUEST_ID_LENGTH) or None,
        conversation_id=_text(frame, "conversationId"),
        user_id=_text(frame, "userId", USER_ID_LENGTH),
    )


def echo(frame: Fields) -> tuple[str, str | None]:
    """The conversationId and requestId of a frame that may be anything else but right."""
    conversation_id, request_id = frame.get("conversationId"), frame.get("requestId")
    is_id = isinstance(request_id, str) and 0 < len(request_id) <= REQUEST_ID_LENGTH
    return (
        conversation_id if isinstance(conversation_id, str) else "",
        request_id if is_id else None,
    )


def read_opening(data: Fields) -> Opening:
    """Raises Invalid."""
    tts = _object(data, "tts")
    return Opening(
        conversation_id=_text(data, "conversationId"),
        user_id=_text(data, "userId", USER_ID_LENGTH),
        language=_text(data, "setCurrentLanguageTo", LANGUAGE_LENGTH),
        is_test=_text(data, "environment", WORD_LENGTH) == "test",
        streams_speech=_flag(tts, "streaming"),
        secret=_text(data, "sessionSecret", SECRET_LENGTH),
    )


def read_message(data: Fields) -> Said:
    """Raises Invalid."""
    extension = _text(data, "fileExtension", EXTENSION_LENGTH).lstrip(".")
    return Said(
        text=_text(data, "message"),
        user_id=_text(data, "userId", USER_ID_LENGTH),
        language=_text(data, "language", LANGUAGE_LENGTH),
        # The opening message is said to this word only, and to nobody who does not ask.
        is_opening=_text(data, "type", WORD_LENGTH) == "NEW",
        wants_speech=_flag(data, "speechResponse"),
        speech=_text(data, "speechData"),
        file=_text(data, "fileData"),
        file_name=f"file.{extension}" if extension else "file",
        additional_input=_additional_input(data),
    )


def read_variables(data: Fields) -> dict[str, Any]:
    """Raises Invalid."""
    variables = _object(data, "variables")
    if len(json.dumps(variables, ensure_ascii=False).encode()) > VARIABLES_BYTES:
        raise Invalid(f"variables: At most {VARIABLES_BYTES} bytes.")
    return dict(variables)


def decoded(text: str) -> bytes:
    """The content of a file; some encoders break its base64 into lines. Raises Invalid."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise Invalid("fileData: Must be base64.") from None


def error(
    code: str,
    message: str,
    *,
    retry_after: int | None = None,
    is_active: bool = False,
    conversation_id: str = "",
    request_id: str | None = None,
) -> dict[str, Any]:
    """The body of every error; ``code`` is the engine's, for which there is a hint or none."""
    hint = HINTS.get(code, "")
    if retry_after is not None:
        hint = f"{hint}. Try again in {retry_after} seconds".lstrip(". ")
    body = {
        "error": message.rstrip("."),
        "errorHint": hint,
        "active": is_active,
        "conversationId": conversation_id[:ECHO_LENGTH] or None,
    }
    return {**body, **_echo(request_id)}


def timed_out(conversation_id: str, request_id: str | None = None) -> dict[str, Any]:
    """No answer came; the conversation goes on."""
    return error(
        "external_api_timeout",
        TIMED_OUT,
        is_active=True,
        conversation_id=conversation_id,
        request_id=request_id,
    )


def reply(name: str, request_id: str | None, **fields: Any) -> dict[str, Any]:
    """The socket's answer to a command."""
    return {"command": name, **fields, **_echo(request_id)}


def answer(message: Fields, *, language: str, request_id: str | None = None) -> dict[str, Any]:
    """What the assistant or a person said, as the socket's clients hear it."""
    return reply(
        "message",
        request_id,
        conversationId=message["conversationId"],
        response=words(message),
        language=language,
        emotions=["neutral"],
        isPartOfMainContent=True,
        messageId=message["id"],
    )


def initialized(
    conversation_id: str,
    *,
    bot_id: str,
    user_id: str,
    language: str,
    languages: Iterable[str],
    channel: str,
    said: Sequence[Fields],
    secret: str | None,
) -> dict[str, Any]:
    """The answer to a request for a conversation; ``secret`` is for a page that has none yet."""
    body = {
        "conversationId": conversation_id,
        "botId": bot_id,
        "userId": user_id,
        "currentLanguage": language,
        "availableLanguages": list(languages),
        "channel": channel,
        "chatHistory": history(said),
    }
    return body if secret is None else {**body, "sessionSecret": secret}


def response(
    conversation_id: str, said: Sequence[Fields], *, language: str, expects_response: bool
) -> dict[str, Any]:
    """The answer to a request with a message: all that was said since the one before."""
    return {
        "conversationToken": conversation_id,
        "expectUserResponse": expects_response,
        "response": [words(message) for message in said],
        "language": language,
        "messageId": said[-1]["id"] if said else None,
    }


def details(message: Fields, *, language: str, analysis: Fields | None) -> dict[str, Any]:
    """One message; ``analysis`` is of what a visitor wrote, and of nothing else."""
    (entry,) = history([message])
    return {
        "messageId": message["id"],
        "conversationId": message["conversationId"],
        "type": entry["type"],
        "message": entry["message"],
        "timestamp": entry["timestamp"],
        "language": analysis["language"]["code"] if analysis else language,
        "intents": analysis["intents"] if analysis else [],
        "entities": analysis["entities"] if analysis else [],
        "sources": message["sources"],
        "feedback": None,
    }


def analyzed(analysis: Fields) -> dict[str, Any]:
    """What a message means, as it was asked for by itself."""
    names = ("message", "intents", "topIntent", "entities", "sentiment")
    return {"language": analysis["language"]["code"], **{name: analysis[name] for name in names}}


def status(
    status: str, text: str, conversation_id: str, request_id: str | None = None
) -> dict[str, Any]:
    """What goes on while an answer is awaited."""
    return reply(
        "statusUpdate",
        request_id,
        conversationId=conversation_id,
        response={"status": status, "message": text},
    )


def history(messages: Sequence[Fields]) -> list[dict[str, Any]]:
    """The latest of what was said, oldest first."""
    return [
        {
            "type": "user" if message["author"]["kind"] == "visitor" else "bot",
            "message": words(message),
            "timestamp": message["createdAt"],
            "messageId": message["id"],
        }
        for message in latest(reversed(messages))
    ]


def _additional_input(data: Fields) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if text := _text(data, "llmAdditionalInput", ADDITIONAL_INPUT_LENGTH):
        told["additionalInput"] = text
    if data.get("location") is not None:
        told["location"] = _location(data["location"])
    return told


def _location(value: object) -> dict[str, float]:
    if isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):
        latitude, longitude = value
        if abs(latitude) <= LATITUDE and abs(longitude) <= LONGITUDE:
            return {"latitude": latitude, "longitude": longitude}
    raise Invalid("location: Must be [latitude, longitude] in degrees.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(data: Fields, name: str, longest: int | None = None) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"{name}: Must be a text.")
    if longest is not None and len(value) > longest:
        raise Invalid(f"{name}: At most {longest} characters.")
    return value


def _flag(data: Fields, name: str) -> bool:
    value = data.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise Invalid(f"{name}: Must be true or false.")


def _object(data: Fields, name: str) -> Fields:
    value = data.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise Invalid(f"{name}: Must be an object.")


def _echo(request_id: str | None) -> dict[str, str]:
    return {} if request_id is None else {"requestId": request_id}
