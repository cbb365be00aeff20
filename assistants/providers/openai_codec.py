"""OpenAI's chat completions as JSON, of which every compatible server has its own idea.

https://platform.openai.com/docs/api-reference/chat
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.messages import (
    FinishReason,
    ModelMessage,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from assistants.providers.errors import ProviderError

Json = dict[str, Any]

# Where servers put what a model thinks; some refuse a call that comes back without its thoughts.
THOUGHTS = ("reasoning_content", "reasoning")
FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
}
# What an error is called, in its code or its type, whatever its status.
NAMED_FAILURES = {
    "insufficient_quota": "quota_exceeded",
    "exceeded_current_quota_error": "quota_exceeded",
    "billing_hard_limit_reached": "quota_exceeded",
    "credit_balance_exhausted": "quota_exceeded",
    "context_length_exceeded": "too_long",
    "content_filter": "content_filter",
    "model_not_found": "model_not_found",
    "invalid_api_key": "key_refused",
    "rate_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "too_many_requests": "rate_limited",
    "service_unavailable": "unavailable",
    "server_is_overloaded": "unavailable",
    "overloaded": "unavailable",
    "overloaded_error": "unavailable",
}
# Servers that have no code for it say it so.
TOO_LONG = ("maximum context length", "reduce the length of the messages")
STATUSES = {
    400: "request_refused",
    401: "key_refused",
    402: "quota_exceeded",
    403: "key_refused",
    404: "model_not_found",
    422: "request_refused",
    429: "rate_limited",
    503: "unavailable",
    529: "unavailable",
}


@dataclass(frozen=True)
class CallPiece:
    """Part of a call of a tool; the parts of one call have its ``place`` in common."""

    place: int | str
    id: str | None
    name: str | None
    arguments: str | None


@dataclass(frozen=True)
class Piece:
    """What a chunk adds to the answer; ``thought`` is in one of the fields of THOUGHTS."""

    text: str = ""
    thought: tuple[str, str] | None = None
    calls: tuple[CallPiece, ...] = ()
    finish_reason: FinishReason | None = None
    usage: RequestUsage | None = None


def encode(
    model: str,
    messages: Sequence[ModelMessage],
    *,
    instructions: str,
    tools: Iterable[ToolDefinition],
    max_tokens: int | None,
    temperature: float | None,
    stream: bool,
) -> bytes:
    """The body of a request."""
    system = [{"role": "system", "content": instructions}] if instructions else []
    dialogue = [one for message in messages for one in _messages(message)]
    body: Json = {"model": model, "messages": [*system, *dialogue], "stream": stream}
    if stream:
        body["stream_options"] = {"include_usage": True}
    if offered := [_tool(tool) for tool in tools]:
        body["tools"] = offered
    if max_tokens is not None:
        body["max_completion_tokens"] = max_tokens
    if temperature is not None:
        body["temperature"] = temperature
    # A server may have sent half a character, which cannot be sent back.
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def decode_chunk(data: bytes) -> Piece:
    """One event of a stream. Raises ProviderError, and ValueError for what is no chunk."""
    return _piece(_parsed(data), "delta")


def decode_answer(content: bytes) -> Piece:
    """A whole answer that was not streamed. Raises as ``decode_chunk``."""
    piece = _piece(_parsed(content), "message")
    if piece == Piece(usage=piece.usage):
        raise ValueError("The answer has no message.")
    return piece


def failure(status: int, content: bytes) -> str:
    """What an answer with an error's status says, as a code of ProviderError."""
    try:
        error = json.loads(content)["error"]
    except (ValueError, RecursionError, LookupError, TypeError):
        error = content.decode(errors="replace")
    return _failure(error, status)


def _messages(message: ModelMessage) -> Iterator[Json]:
    if isinstance(message, ModelResponse):
        if said := _assistant_message(message):
            yield said
        return
    for part in message.parts:
        if isinstance(part, ToolReturnPart):
            content = part.model_response_str()
            yield {"role": "tool", "tool_call_id": part.tool_call_id, "content": content}
        elif isinstance(part, UserPromptPart):
            yield {"role": "user", "content": part.content}


def _assistant_message(message: ModelResponse) -> Json | None:
    text = "\n\n".join(part.content for part in message.parts if isinstance(part, TextPart))
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCallPart)]
    if not text and not calls:
        return None
    said: Json = {"role": "assistant", "content": text or None}
    if calls:
        said["tool_calls"] = calls
    for part in message.parts:
        if isinstance(part, ThinkingPart) and part.id in THOUGHTS:
            said[part.id] = part.content
    return said


def _call(part: ToolCallPart) -> Json:
    function = {"name": part.tool_name, "arguments": part.args_as_json_str()}
    return {"id": part.tool_call_id, "type": "function", "function": function}


def _tool(tool: ToolDefinition) -> Json:
    function = {
        "name": tool.name,
        "description": tool.description or "",
        "parameters": tool.parameters_json_schema,
    }
    return {"type": "function", "function": function}


def _parsed(data: bytes) -> Json:
    try:
        value = _object(json.loads(data))
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    if error := value.get("error"):
        raise ProviderError(_failure(error, None))
    return value


def _piece(value: Json, name: str) -> Piece:
    choices = _list(value.get("choices"))
    usage = _usage(value.get("usage"))
    if not choices:
        return Piece(usage=usage)
    choice = _object(choices[0])
    # Some servers have none in the chunk that brings the reason of the end.
    said = _object(choice.get(name) or {})
    is_refused = bool(said.get("refusal"))
    reason = "content_filter" if is_refused else str(choice.get("finish_reason"))
    return Piece(
        text="" if is_refused else _text(said.get("content")),
        thought=next(((key, _text(said[key])) for key in THOUGHTS if said.get(key)), None),
        calls=tuple(_calls(_list(said.get("tool_calls")))),
        finish_reason=FINISH_REASONS.get(reason),
        usage=usage,
    )


def _text(content: Any) -> str:
    """Some servers send a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(_object(part).get("text") or "") for part in parts)


def _calls(calls: Iterable[Any]) -> Iterator[CallPiece]:
    for position, call in enumerate(map(_object, calls)):
        function = _object(call.get("function") or {})
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        index = call.get("index")
        yield CallPiece(
            # Servers that send each call in one piece may not number them.
            index if isinstance(index, int) else _name(call.get("id")) or position,
            _name(call.get("id")),
            _name(function.get("name")),
            _name(arguments),
        )


def _usage(told: Any) -> RequestUsage | None:
    if not isinstance(told, dict):
        return None
    details = told.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return RequestUsage(
        input_tokens=_count(told.get("prompt_tokens")),
        output_tokens=_count(told.get("completion_tokens")),
        cache_read_tokens=_count(cached),
    )


def _failure(error: Any, status: int | None) -> str:
    told = error if isinstance(error, dict) else {"message": error}
    names = [str(told.get("code")), str(told.get("type"))]
    if found := next((NAMED_FAILURES[name] for name in names if name in NAMED_FAILURES), None):
        return found
    if any(phrase in str(told.get("message")).lower() for phrase in TOO_LONG):
        return "too_long"
    if status is None and names[0].isdecimal():
        # Gateways put the status there when the stream has already begun.
        status = int(names[0][:3])
    return STATUSES.get(status or 500, "server_error")


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise ValueError("An object was expected.")
    return value


def _list(value: Any) -> list[Any]:
    if value and not isinstance(value, list):
        raise ValueError("A list was expected.")
    return value or []


def _name(value: Any) -> str | None:
    return value if value and isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0
