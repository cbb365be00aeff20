"""The wire of OpenAI without a wire: what is sent, and what is understood of what comes."""

import json
import time

import pytest
from pydantic_ai.messages import (
    ModelRequest,
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
from assistants.providers.openai_codec import (
    CallPiece,
    Piece,
    decode_answer,
    decode_chunk,
    encode,
    failure,
)
from assistants.providers.server_sent_events import EventStream


def events(*pieces):
    stream = EventStream()
    return [data for piece in pieces for data in stream.feed(piece)] + list(stream.rest())


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([b"data: a\n\ndata: b\n\n"], [b"a", b"b"]),
        ([b"data: a\r\n\r\ndata:b\r\n\r\n"], [b"a", b"b"]),
        ([b"data: a\r\rdata: b\r\r"], [b"a", b"b"]),
        ([b"da", b"ta: a", b"\r", b"\n\r", b"\n"], [b"a"]),
        ([b"data: a\ndata: b\n\n"], [b"a\nb"]),
        ([b": waiting\n\nevent: x\nid: 1\nretry: 2\ndata:  a\n\n"], [b" a"]),
        ([b"data: a"], [b"a"]),
        ([b"data: a\n\ndata: b\n"], [b"a", b"b"]),
        ([b"\n\n\n"], []),
        ([b""], []),
    ],
)
def test_events_are_found_however_they_are_cut(pieces, found):
    assert events(*pieces) == found


def test_a_long_line_in_small_pieces_takes_no_longer_than_in_one():
    begun = time.process_time()

    (data,) = events(b"data: ", *[b"x"] * 500_000, b"\n\n")

    assert len(data) == 500_000
    assert time.process_time() - begun < 5


def chunk(delta=None, **fields):
    choice = {"index": 0, "delta": delta or {}, **fields}
    return decode_chunk(json.dumps({"choices": [choice]}).encode())


@pytest.mark.parametrize(
    ("delta", "piece"),
    [
        ({}, Piece()),
        ({"role": "assistant", "content": None}, Piece()),
        ({"content": "Hello"}, Piece("Hello")),
        ({"content": [{"type": "text", "text": "Hel"}, {"text": "lo"}]}, Piece("Hello")),
        ({"reasoning_content": "Hm"}, Piece(thought=("reasoning_content", "Hm"))),
        ({"reasoning": "Hm", "content": ""}, Piece(thought=("reasoning", "Hm"))),
        ({"refusal": "No.", "content": "No."}, Piece(finish_reason="content_filter")),
    ],
)
def test_a_chunk_says_what_it_adds(delta, piece):
    assert chunk(delta) == piece


@pytest.mark.parametrize(
    ("call", "piece"),
    [
        (
            {"index": 1, "id": "c", "function": {"name": "f", "arguments": "{"}},
            CallPiece(1, "c", "f", "{"),
        ),
        ({"index": 1, "function": {"arguments": "}"}}, CallPiece(1, None, None, "}")),
        ({"id": "c", "function": {"name": "f"}}, CallPiece("c", "c", "f", None)),
        (
            {"function": {"name": "f", "arguments": {"a": 1}}},
            CallPiece(0, None, "f", '{"a": 1}'),
        ),
        ({"index": 0, "id": "", "function": None}, CallPiece(0, None, None, None)),
    ],
)
def test_a_call_is_told_from_others_by_its_number_or_its_id(call, piece):
    assert chunk({"tool_calls": [call]}).calls == (piece,)


@pytest.mark.parametrize(
    ("reason", "known"),
    [("stop", "stop"), ("tool_calls", "tool_call"), ("whatever", None), (None, None), ([], None)],
)
def test_reasons_that_nobody_knows_are_none(reason, known):
    assert chunk(finish_reason=reason).finish_reason == known


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        (
            {"prompt_tokens": 5, "completion_tokens": 2},
            RequestUsage(input_tokens=5, output_tokens=2),
        ),
        (
            {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}},
            RequestUsage(input_tokens=5, cache_read_tokens=4),
        ),
        ({"prompt_tokens": "5", "completion_tokens": None}, RequestUsage()),
        ([1], None),
        (None, None),
    ],
)
def test_tokens_are_counted_where_they_are_told(usage, known):
    chunk = {"choices": [], "usage": usage}

    assert decode_chunk(json.dumps(chunk).encode()).usage == known


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"x"',
        b"[" * 100_000,
        b'{"choices": 5}',
        b'{"choices": {"0": {}}}',
        b'{"choices": [null]}',
        b'{"choices": [{"delta": "x"}]}',
        b'{"choices": [{"delta": {"tool_calls": 5}}]}',
    ],
)
def test_what_is_no_chunk_is_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds, all of which are malformed
        decode_chunk(data)


def test_an_answer_that_was_not_streamed_reads_the_same():
    message = {"role": "assistant", "content": "Hello"}
    whole = {"choices": [{"message": message, "finish_reason": "stop"}]}

    assert decode_answer(json.dumps(whole).encode()) == Piece("Hello", finish_reason="stop")
    with pytest.raises(ValueError, match="no message"):
        decode_answer(b'{"choices": []}')


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "rate_limit_exceeded"}, "rate_limited"),
        ({"code": None, "type": "overloaded_error"}, "unavailable"),
        ({"code": 429, "message": "Slow down."}, "rate_limited"),
        ({"code": "503"}, "unavailable"),
        ({"message": "This exceeds the maximum context length."}, "too_long"),
        ("whatever", "server_error"),
    ],
)
def test_an_error_inside_a_stream_is_told_by_its_name(error, code):
    with pytest.raises(ProviderError) as raised:
        decode_chunk(json.dumps({"error": error}).encode())

    assert raised.value.code == code


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, {"code": "context_length_exceeded"}, "too_long"),
        (400, {"code": "content_filter"}, "content_filter"),
        (400, {"message": "What?"}, "request_refused"),
        (401, None, "key_refused"),
        (404, "no such model", "model_not_found"),
        (429, {"type": "insufficient_quota"}, "quota_exceeded"),
        (429, {}, "rate_limited"),
        (500, {"type": "server_error"}, "server_error"),
        (503, None, "unavailable"),
        (302, None, "server_error"),
    ],
)
def test_an_errors_name_says_more_than_its_status(status, error, code):
    assert failure(status, json.dumps({"error": error}).encode()) == code
    if not isinstance(error, dict):
        assert failure(status, b"<html>") == failure(status, b"[" * 100_000) == code


def sent(*messages, **options):
    chosen = {"instructions": "", "tools": [], "max_tokens": None, "temperature": None}
    return json.loads(encode("m", messages, stream=True, **{**chosen, **options}))


def test_a_request_holds_the_dialogue_and_what_was_chosen():
    tool = ToolDefinition(name="f", description="Does.", parameters_json_schema={"type": "object"})
    call = ToolCallPart("f", '{"a":1}', "c")

    body = sent(
        ModelRequest([UserPromptPart("Do!")], instructions="Be kind."),
        ModelResponse([TextPart("A moment."), call, ThinkingPart("Hm", id="reasoning_content")]),
        ModelRequest([ToolReturnPart("f", "Done.", "c")]),
        ModelResponse([ThinkingPart("Hm")]),
        instructions="Be kind.",
        tools=[tool],
        max_tokens=9,
        temperature=0.0,
    )

    function = {"name": "f", "arguments": '{"a":1}'}
    assert body == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 9,
        "temperature": 0.0,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Do!"},
            {
                "role": "assistant",
                "content": "A moment.",
                "tool_calls": [{"id": "c", "type": "function", "function": function}],
                "reasoning_content": "Hm",
            },
            {"role": "tool", "tool_call_id": "c", "content": "Done."},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "description": "Does.", "parameters": {"type": "object"}},
            }
        ],
    }


def test_half_a_character_that_came_from_a_server_goes_back_as_a_question_mark():
    body = sent(ModelResponse([TextPart("\ud83d")]))

    assert body["messages"] == [{"role": "assistant", "content": "?"}]
    assert "tools" not in body
    assert "temperature" not in body
