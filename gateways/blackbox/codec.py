"""BlackBox's words: what its clients say, as commands, and what they are told, as frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateways.words import words

CHAT, WEB_CALL, ON_PHONE = "chat", "webCall", "onPhone"
CALL_TYPES = (CHAT, WEB_CALL, ON_PHONE)
# It comes back on every frame.
CHANNEL_ID_LENGTH = 200

MISSING_TOKEN = "Missing token"  # noqa: S105 -- an error's text
INVALID_TOKEN = "Invalid token"  # noqa: S105 -- an error's text
NOT_ENABLED = "Web integration is not enabled"
ORIGIN_NOT_ALLOWED = "Origin not allowed"
NO_INIT = "Init message not received"
SECOND_INIT = "Multiple init messages received"
TOO_LARGE = "Too large message"
MALFORMED = "Malformed message"
UNKNOWN_TYPE = "Unknown type of message"
# Ours, as the protocol has no words for it.
NO_VOICE = "Voice calls are not available"
NO_CALL_TO_ANSWER = "There is no voice call to answer"
NO_ANSWER = "The agent did not answer in time"

CLOSED_NORMALLY = 1000
# What a malformed frame ends a socket with; servers that cannot send the code say 4007.
CLOSED_AS_MALFORMED, CLOSED_AS_MALFORMED_ELSEWHERE = 1007, 4007

Frame = dict[str, Any]
Data = Mapping[str, Any]


class Malformed(Exception):
    """The frame is none of the protocol's; the text says why."""


@dataclass(frozen=True)
class Initialize:
    """``record_id`` and ``session_secret`` are additions of ours, to go on with a conversation."""

    call_type: str
    additional_data: Data = field(default_factory=dict)
    agent_id: str | None = None
    record_id: str | None = None
    session_secret: str = ""


@dataclass(frozen=True)
class ChatMessage:
    text: str
    channel_id: str | None = None


@dataclass(frozen=True)
class SdpAnswer:
    """The client's half of a voice call."""


@dataclass(frozen=True)
class ToolResponse:
    call_id: str
    result: Any


@dataclass(frozen=True)
class Terminate:
    pass


@dataclass(frozen=True)
class Unknown:
    """A message of a type that this protocol does not have."""


Command = Initialize | ChatMessage | SdpAnswer | ToolResponse | Terminate | Unknown


def parse(frame: Data) -> Command:
    """What a client's frame says; fields that are not known are ignored. Raises Malformed."""
    _text(frame, "timestamp", None)
    channel_id = _text(frame, "channelId", None)
    if channel_id is not None and len(channel_id) > CHANNEL_ID_LENGTH:
        raise Malformed(f"channelId has more than {CHANNEL_ID_LENGTH} characters")
    match frame.get("type"):
        case "initialize":
            return _initialize(frame)
        case "incomingChatMessage":
            return ChatMessage(_required_text(frame, "content"), channel_id)
        case "sdpAnswer":
            return SdpAnswer()
        case "websocketToolResponse":
            return _tool_response(_object(frame, "content"))
        case "terminate":
            return Terminate()
        case str():
            return Unknown()
    raise Malformed("type is not a text")


def event(name: str, *, at: str, channel_id: str | None = None, data: Data | None = None) -> Frame:
    frame = _frame("event", at, channel_id, name=name)
    return frame if data is None else {**frame, "data": dict(data)}


def connection(
    record_id: str, *, at: str, channel_id: str | None = None, session_secret: str = ""
) -> Frame:
    """The session is ready; ``sessionSecret`` is an addition, for clients that reconnect."""
    data = {"recordId": record_id}
    if session_secret:
        data["sessionSecret"] = session_secret
    return event("connection", at=at, channel_id=channel_id, data=data)


def text(message: Data, *, channel_id: str | None = None) -> Frame:
    """A message of either side, whole and at once."""
    author = message["author"]
    content = {
        "source": "user" if author["kind"] == "visitor" else "assistant",
        "text": words(message),
        # The assistant is the protocol's nameless agent; a name tells that a person writes.
        "name": author["name"] or None if author["kind"] == "agent" else None,
        "type": "final",
        "segmentId": message["id"],
    }
    return _frame("text", message["createdAt"], channel_id, content=content)


def tool_request(
    call_id: str, name: str, args: Data, *, at: str, channel_id: str | None = None
) -> Frame:
    """Has the client run a tool, and answer with a ``websocketToolResponse``."""
    content = {"id": call_id, "toolName": name, "args": dict(args)}
    return _frame("websocketToolRequest", at, channel_id, content=content)


def tool_call(
    call_id: str, name: str, args: Data, *, at: str, channel_id: str | None = None
) -> Frame:
    """Tells that a tool is run on our side."""
    content = {"id": call_id, "toolName": name, "args": dict(args)}
    return _frame("toolCall", at, channel_id, content=content)


def tool_call_result(
    call_id: str, name: str, result: str | None, *, at: str, channel_id: str | None = None
) -> Frame:
    content = {"id": call_id, "toolName": name, "result": result}
    return _frame("toolCallResult", at, channel_id, content=content)


def conversation_result(
    record_id: str,
    agent_id: str | None,
    *,
    seconds: int,
    at: str,
    channel_id: str | None = None,
    summary: str = "",
) -> Frame:
    """The last thing that is told of a conversation; ``duration`` is in whole seconds."""
    result: Frame = {
        "status": "completed",
        "duration": seconds,
        "metadata": {"callId": record_id, "agentId": agent_id},
    }
    if summary:
        result["summary"] = summary
    return _frame("conversationResult", at, channel_id, result=result)


def error(message: str, *, at: str, channel_id: str | None = None) -> Frame:
    return _frame("error", at, channel_id, data={"message": message})


def _frame(kind: str, at: str, channel_id: str | None, **fields: Any) -> Frame:
    return {"type": kind, "timestamp": at, "channelId": channel_id, **fields}


def _initialize(frame: Data) -> Initialize:
    is_dev = frame.get("request") is None and "devRequest" in frame
    request = _object(frame, "devRequest" if is_dev else "request")
    call_type = _text(request, "callType", CHAT)
    if call_type not in CALL_TYPES:
        raise Malformed("callType is none of " + ", ".join(CALL_TYPES))
    data = request.get("additionalData")
    if data is not None and not isinstance(data, Mapping):
        raise Malformed("additionalData is not an object")
    return Initialize(
        call_type,
        data or {},
        agent_id=_text(request, "agentId", None),
        record_id=_text(request, "recordId", None),
        session_secret=_text(request, "sessionSecret", None) or "",
    )


def _tool_response(content: Data) -> ToolResponse:
    if "result" not in content:
        raise Malformed("result is missing")
    return ToolResponse(_required_text(content, "id"), content["result"])


def _object(frame: Data, name: str) -> Data:
    value = frame.get(name)
    if not isinstance(value, Mapping):
        raise Malformed(f"{name} is not an object")
    return value


def _required_text(frame: Data, name: str) -> str:
    value = _text(frame, name, None)
    if value is None:
        raise Malformed(f"{name} is not a text")
    return value


def _text(frame: Data, name: str, default: str | None) -> str | None:
    """The text of this name; null counts as absent."""
    value = frame.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise Malformed(f"{name} is not a text")
    return value
