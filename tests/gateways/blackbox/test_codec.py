"""BlackBox's words, without any server."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.blackbox import codec
from gateways.blackbox.codec import (
    ChatMessage,
    Initialize,
    Malformed,
    SdpAnswer,
    Terminate,
    ToolResponse,
    parse,
)

AT = "2031-05-17T10:00:00Z"
NOT_TEXT = [5, 1.5, True, [], {}, ["x"]]
MESSAGE = {
    "id": "m1",
    "author": {"kind": "assistant", "id": "a1", "name": "Ada"},
    "text": "We open at nine.",
    "choices": [],
    "attachments": [],
    "createdAt": AT,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=3,
)
NAMES = ["content", "request", "devRequest", "callType", "additionalData", "id", "result"]
NAMES += ["recordId", "sessionSecret", "agentId", "timestamp", "channelId"]
TYPES = ["initialize", "incomingChatMessage", "sdpAnswer", "websocketToolResponse", "terminate"]


def initialize(name="request", **request):
    return {"type": "initialize", "timestamp": AT, name: request}


def chat(**fields):
    return {"type": "incomingChatMessage", "timestamp": AT, "content": "Hello", **fields}


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        (initialize(callType="chat", additionalData={"a": 1}), Initialize("chat", {"a": 1})),
        (initialize(), Initialize("chat")),
        (initialize(additionalData=None), Initialize("chat")),
        (initialize("devRequest", callType="webCall"), Initialize("webCall")),
        (initialize("devRequest", agentId="a"), Initialize("chat", agent_id="a")),
        ({**initialize(agentId="a"), "devRequest": 5}, Initialize("chat", agent_id="a")),
        (
            initialize(recordId="r", sessionSecret="s", phone="+1"),
            Initialize("chat", record_id="r", session_secret="s"),
        ),
        (chat(), ChatMessage("Hello")),
        (chat(timestamp=None, channelId=None, more=[5]), ChatMessage("Hello")),
        (chat(channelId="c"), ChatMessage("Hello", "c")),
        (chat(content=""), ChatMessage("")),
        ({"type": "sdpAnswer", "data": {"sdpAnswer": "v=0"}}, SdpAnswer()),
        ({"type": "terminate"}, Terminate()),
        (
            {"type": "websocketToolResponse", "content": {"id": "c", "result": None}},
            ToolResponse("c", None),
        ),
    ],
)
def test_a_frame_is_a_command(frame, command):
    assert parse(frame) == command


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"type": None},
        {"type": 5},
        {"type": ["terminate"]},
        {"type": "initialize"},
        {"type": "websocketToolResponse"},
        {"type": "websocketToolResponse", "content": {"id": "c"}},
        {"type": "websocketToolResponse", "content": {"result": 1}},
        initialize(callType="fax"),
        *({"type": "initialize", "request": value} for value in (5, "x", True, [])),
        *({"type": "initialize", "devRequest": value} for value in (5, "x", True, [])),
        *(initialize(callType=value) for value in NOT_TEXT),
        *(initialize(additionalData=value) for value in (5, "x", True, [])),
        *(initialize(**{name: value}) for value in NOT_TEXT for name in ("recordId", "agentId")),
        *(initialize(sessionSecret=value) for value in NOT_TEXT),
        *(chat(content=value) for value in (None, *NOT_TEXT)),
        *(chat(timestamp=value) for value in NOT_TEXT),
        *(chat(channelId=value) for value in NOT_TEXT),
        *(
            {"type": "websocketToolResponse", "content": {"id": value, "result": 1}}
            for value in (None, *NOT_TEXT)
        ),
    ],
)
def test_what_is_no_command_is_malformed(frame):
    with pytest.raises(Malformed):
        parse(frame)


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), JSON | st.dictionaries(st.sampled_from(NAMES), JSON)),
    st.sampled_from(TYPES) | JSON,
)
def test_any_object_is_a_command_or_malformed(frame, kind):
    command = None
    with suppress(Malformed):
        command = parse({**frame, "type": kind})

    assert command is None or isinstance(command, codec.Command)


def test_a_reply_is_one_text_of_the_nameless_agent():
    assert codec.text(MESSAGE) == {
        "type": "text",
        "timestamp": AT,
        "channelId": None,
        "content": {
            "source": "assistant",
            "text": "We open at nine.",
            "name": None,
            "type": "final",
            "segmentId": "m1",
        },
    }


@pytest.mark.parametrize(
    ("kind", "name", "source", "shown"),
    [
        ("visitor", "Ann", "user", None),
        ("agent", "Kim", "assistant", "Kim"),
        ("agent", "", "assistant", None),
        ("system", "", "assistant", None),
    ],
)
def test_only_a_person_of_the_team_has_a_name(kind, name, source, shown):
    content = codec.text({**MESSAGE, "author": {"kind": kind, "name": name}})["content"]

    assert (content["source"], content["name"]) == (source, shown)


def test_what_the_protocol_has_no_field_for_is_a_line():
    message = {**MESSAGE, "text": "", "choices": ["Hours"], "attachments": [{"name": "a.png"}]}

    assert codec.text(message)["content"]["text"] == "- Hours\n[a.png]"


def test_every_frame_has_a_type_a_time_and_a_channel():
    told = {"at": AT, "channel_id": "c"}
    frames = [
        codec.connection("r", **told),
        codec.event("opened", **told),
        codec.text(MESSAGE, channel_id="c"),
        codec.tool_request("t", "show", {"a": 1}, **told),
        codec.tool_call("t", "show", {}, **told),
        codec.tool_call_result("t", "show", None, **told),
        codec.conversation_result("r", None, seconds=5, **told),
        codec.error("No.", **told),
    ]

    for frame in frames:
        assert (frame["timestamp"], frame["channelId"]) == (AT, "c")
        assert json.loads(json.dumps(frame)) == frame


def test_a_result_has_a_summary_only_if_there_is_one():
    with_one = codec.conversation_result("r", "a", seconds=5, at=AT, summary="They asked.")
    without = codec.conversation_result("r", "a", seconds=5, at=AT)

    assert with_one["result"] == {
        "status": "completed",
        "duration": 5,
        "metadata": {"callId": "r", "agentId": "a"},
        "summary": "They asked.",
    }
    assert "summary" not in without["result"]
