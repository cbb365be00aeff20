"""The frames of ZeebeeAI's protocol: how they are read, and how they are spelled."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateways.words import latest, words

Frame = dict[str, Any]

USER_ID_LENGTH = 128
CLIENT_INFO_BYTES = 4 * 1024

INVALID_API_KEY = "Invalid API key. Please check your credentials."
AUTHENTICATION_REQUIRED = "Authentication required. Provide a valid user ID or API key."
NOT_LOGGED_IN = "You need to be logged in to use voice chat. Please login or register first."
NO_AUDIO = "No audio data received. Please try recording again."
INVALID_AUDIO = "Invalid audio data format. Please try again."
# The reference's clients answer "Could not transcribe audio" by sending the same audio again.
NO_SPEECH = "Voice chat is not available here. Please send your message as text."
NO_MESSAGE = "No message received. Please send a text."
NO_ANSWER = "The assistant did not answer in time. Please try again."
UNKNOWN_TYPE = "Unknown message type."
INACTIVE = "The connection was closed because nothing was received for {} seconds."
STILL_THERE = (
    "Your connection appears to be inactive. "
    "Please respond or send any message to keep the connection alive."
)
# What the protocol has its own text for, by our errors' code.
ERRORS = {
    "invalid_credentials": INVALID_API_KEY,
    "missing_scope": INVALID_API_KEY,
    "origin_not_allowed": INVALID_API_KEY,
    "unauthorized": INVALID_API_KEY,
    "auth_timeout": AUTHENTICATION_REQUIRED,
    "guests_not_allowed": NOT_LOGGED_IN,
    "invalid_session_secret": NOT_LOGGED_IN,
    "rate_limited": "Too many requests.",
}
# Where it helps to know when to try again; a budget may end with the month.
PASSING = {"rate_limited", "too_many_sockets"}
PROCESSING = ("processing", "Processing your message...")
# What the protocol's client is told of who answers, by our owners.
OWNERS = {
    "bot": ("assistant", "The assistant answers again."),
    "waiting": ("waiting", "A person of the team has been asked to answer."),
    "human": ("agent", "A person of the team answers."),
    "closed": ("closed", "The conversation is closed. Another message opens it again."),
}
ROLES = {"visitor": "user"}


class Refused(ValueError):
    """A frame that is not as it must be; its text is what the client is told."""


@dataclass(frozen=True)
class Init:
    """Who begins: a server with its key, or a guest who only says a name."""

    api_key: str = field(default="", repr=False)
    user_id: str = ""
    session_token: str = field(default="", repr=False)
    conversation_id: str = ""
    model: str = ""
    client_info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    text: str
    conversation_id: str = ""
    model: str = ""


@dataclass(frozen=True)
class Audio:
    """Spoken words in whatever container the client recorded."""

    data: bytes
    conversation_id: str = ""


def read_init(frame: Frame) -> Init:
    """Raises Refused."""
    api_key = _text(frame, "api_key", refusal=INVALID_API_KEY)
    user_id = _text(frame, "user_id", refusal=AUTHENTICATION_REQUIRED)
    if len(user_id) > USER_ID_LENGTH or not (api_key or user_id.strip()):
        raise Refused(AUTHENTICATION_REQUIRED)
    return Init(
        api_key=api_key,
        user_id=user_id if user_id.strip() else "",
        session_token=_text(frame, "session_token"),
        conversation_id=_text(frame, "conversation_id"),
        model=_model(frame),
        client_info=_client_info(frame.get("client_info")),
    )


def read_message(frame: Frame) -> Message:
    """Raises Refused."""
    text = _text(frame, "message")
    if not text.strip():
        raise Refused(NO_MESSAGE)
    return Message(text, _text(frame, "conversation_id"), _model(frame))


def read_audio(frame: Frame) -> Audio:
    """Raises Refused."""
    encoded = frame.get("audio_data")
    if encoded in (None, ""):
        raise Refused(NO_AUDIO)
    if not isinstance(encoded, str):
        raise Refused(INVALID_AUDIO)
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(INVALID_AUDIO) from None
    return Audio(data, _text(frame, "conversation_id"))


def established(now: int) -> Frame:
    """``now`` here and below is in milliseconds since 1970, as the reference's clients count."""
    return {"type": "connection_established", "timestamp": now}


def init_ack(
    *,
    user_id: str,
    session_token: str = "",
    conversation_id: str = "",
    history: Sequence[Mapping[str, Any]] = (),
) -> Frame:
    """``history`` are our messages, latest first; told are the latest, oldest first."""
    frame: Frame = {"type": "init_ack", "status": "connected", "user_id": user_id}
    if session_token:
        frame["session_token"] = session_token
    if conversation_id:
        frame["conversation_id"] = conversation_id
        frame["history"] = [_said(message) for message in latest(history)]
    return frame


def processing(conversation_id: str) -> Frame:
    """A message is stored, and the assistant is at work."""
    return _status(PROCESSING, conversation_id)


def owned(owner: str, conversation_id: str, line: str = "") -> Frame:
    """Somebody else answers from now on; ``line`` is what the conversation says about that."""
    state, text = OWNERS[owner]
    return _status((state, line or text), conversation_id)


def response(message: Mapping[str, Any]) -> Frame:
    """What the assistant or a person said."""
    frame = {
        "type": "response",
        **_said(message),
        "conversation_id": message["conversationId"],
    }
    if message["sources"]:
        frame["sources"] = [
            {"title": source["title"], "url": source["url"]} for source in message["sources"]
        ]
    return frame


def ping(ping_id: str, now: int) -> Frame:
    return {"type": "ping", "ping_id": ping_id, "timestamp": now}


def pong(asked: Frame, now: int) -> Frame:
    """The answer to a client's ping, with its ``ping_id`` if it has one."""
    frame = {"type": "pong", "timestamp": now}
    ping_id = asked.get("ping_id")
    if isinstance(ping_id, str | int) and len(str(ping_id)) <= USER_ID_LENGTH:
        frame["ping_id"] = ping_id
    return frame


def connection_warning(seconds_left: int) -> Frame:
    return {
        "type": "connection_warning",
        "level": "warning",
        "message": STILL_THERE,
        "time_remaining": seconds_left,
        "reconnect_required": False,
        "ping_requested": True,
    }


def no_answer(conversation_id: str) -> Frame:
    """Nobody answered a message in this conversation, which may be one of several."""
    return {**error(NO_ANSWER), "conversation_id": conversation_id}


def error(message: str, *, code: str = "", retry_after: int | None = None) -> Frame:
    """``code`` is our own name for the error."""
    text = ERRORS.get(code, message)
    if retry_after is not None and code in PASSING:
        text = f"{text} Try again in {retry_after} seconds."
    return {"type": "error", "message": text}


def _text(frame: Frame, name: str, *, refusal: str = "") -> str:
    value = frame.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(refusal or f"{name} must be text.")
    return value


def _model(frame: Frame) -> str:
    """Nothing is refused for its model: what the assistant has not is ignored."""
    model = frame.get("model")
    return model if isinstance(model, str) else ""


def _client_info(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("client_info must be an object.")
    if len(json.dumps(value, ensure_ascii=False).encode()) > CLIENT_INFO_BYTES:
        raise Refused(f"client_info has at most {CLIENT_INFO_BYTES} bytes.")
    return value


def _status(status: tuple[str, str], conversation_id: str) -> Frame:
    state, text = status
    return {
        "type": "status",
        "status": state,
        "message": text,
        "conversation_id": conversation_id,
    }


def _said(message: Mapping[str, Any]) -> Frame:
    author = message["author"]
    said = {
        "text": words(message),
        "message_id": message["id"],
        "role": ROLES.get(author["kind"], author["kind"]),
        "created_at": message["createdAt"],
    }
    if author["kind"] == "agent":
        said["name"] = author["name"]
    return said
