"""Whatever is sent, the socket says in Blits' words what was wrong, goes on, and stores nothing."""

import json

import pytest

from conversations.models import Attachment, Contact, Conversation, Message, VisitorSession
from tenants.executor import run_in_db_thread
from tests.gateways.blits.sockets import connected, talking
from tests.gateways.blits.tokens import api_token
from tests.leaks import leaks

pytestmark = pytest.mark.usefixtures("closed_hub", "no_turn_is_left", "rival")

ERROR = {"error", "errorHint", "active", "conversationId"}
MALFORMED = [
    "{",
    " ",
    "[]",
    "null",
    '"x"',
    "5",
    "{'command': 'isActive'}",
    '{"command": "isActive", "command": "isActive"}',
    '{"command": "isActive", "x": NaN}',
    '{"command": "isActive", "x": 1e999}',
    '{"command": "isActive", "x": ' + "9" * 5000 + "}",
    '{"command": "isActive\\u0000"}',
    '{"command": "message", "message": "\\ud800"}',
    '{"command": "stateVariables", "variables": {"a\\u0000b": 1}}',
    '{"command": "message", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"command": "message", "x": ' + '{"a":' * 33 + "1" + "}" * 34,
    b"\x00\x01",
    b'{"command": "isActive"}',
]
NOT_TEXT = [5, 1.5, True, [], {}, ["x"], {"a": 1}]
NOT_FLAG = [5, "true", [], {}]
NOT_OBJECT = [5, "x", True, [], [{}]]
WRONG = {
    ("message", "message"): [*NOT_TEXT, None, "", "  \n\t", "x" * 8001],
    ("message", "type"): NOT_TEXT,
    ("message", "language"): [*NOT_TEXT, "x" * 36],
    ("message", "userId"): [*NOT_TEXT, "x" * 129],
    ("message", "speechResponse"): NOT_FLAG,
    ("message", "speechData"): [*NOT_TEXT, "UklGRg=="],
    ("message", "fileData"): [*NOT_TEXT, "!", "AAAA="],
    ("message", "fileExtension"): [*NOT_TEXT, "x" * 17],
    ("message", "location"): [5, "x", True, {}, [], [1], ["1", "2"], [999, 0]],
    ("message", "llmAdditionalInput"): [*NOT_TEXT, "x" * 8001],
    ("initialize", "userId"): [*NOT_TEXT, "x" * 129],
    ("initialize", "environment"): NOT_TEXT,
    ("initialize", "setCurrentLanguageTo"): [*NOT_TEXT, "x" * 36],
    ("initialize", "tts"): [*NOT_OBJECT, {"streaming": "yes"}],
    ("stateVariables", "variables"): [
        *NOT_OBJECT,
        {"a": "x" * 9000},
        {str(n): n for n in range(101)},
    ],
}
COMMANDS = {
    "initialize": {},
    "message": {"message": "Hello?"},
    "streamUserSpeech": {"chunk": "UklGRg=="},
    "isActive": {},
    "loadHistory": {},
    "deleteHistory": {},
    "stateVariables": {"variables": {"a": 1}},
    "debug": {},
}
BASE = ("authToken", "conversationId", "requestId", "command")


def rows(shop):
    """How much there is of everything, and what the conversations are like."""
    with shop.scope():
        kinds = (Attachment, Contact, Message, VisitorSession)
        like = Conversation.objects.order_by("id").values("variables", "named_language", "epoch")
        return [kind.objects.count() for kind in kinds], list(like)


def require_error(frame):
    assert set(frame) - {"requestId"} == ERROR, frame
    assert isinstance(frame["error"], str)
    assert frame["error"]
    assert not leaks(json.dumps(frame))


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Nothing here is about limits."""
    monkeypatch.setattr("realtime.consumer.Window.hit", lambda window: True)


async def test_malformed_frames_are_told_so_and_the_socket_goes_on(shop):
    async with talking(shop) as socket:
        before = await run_in_db_thread(rows, shop)
        for frame in MALFORMED:
            kind = "bytes_data" if isinstance(frame, bytes) else "text_data"
            await socket.send_to(**{kind: frame})
            told = await socket.frame()
            require_error(told)
            assert (told["active"], told["conversationId"]) == (True, socket.conversation_id)
        assert (await socket.ask("isActive"))["active"]

    assert await run_in_db_thread(rows, shop) == before


async def test_every_field_of_another_type_is_refused_and_nothing_is_stored(shop):
    async with talking(shop) as socket:
        before = await run_in_db_thread(rows, shop)
        for (command, name), values in WRONG.items():
            for value in values:
                fields = {**COMMANDS[command], name: value}
                told = await socket.ask(command, requestId="r", **fields)
                require_error(told)
                assert told["requestId"] == "r", (name, value)
                if value in (5, True, ["x"]):
                    assert told["error"].startswith(f"{name}: Must be"), name
        assert (await socket.ask("isActive"))["active"]

    assert await run_in_db_thread(rows, shop) == before


@pytest.mark.parametrize("command", COMMANDS)
async def test_what_every_command_carries_is_checked_on_every_command(shop, command):
    token = await run_in_db_thread(api_token, shop)
    async with talking(shop, token=token) as socket:
        before = await run_in_db_thread(rows, shop)
        for name in BASE:
            for value in [*NOT_TEXT, "x" * 3000, "' or 1=1 --"]:
                if name == "requestId" and value == "' or 1=1 --":
                    continue
                await socket.send_json_to(
                    {
                        "command": command,
                        "authToken": token,
                        "conversationId": socket.conversation_id,
                        **COMMANDS[command],
                        name: value,
                    }
                )
                require_error(await socket.frame())
        assert (await socket.ask("isActive"))["active"]

    assert await run_in_db_thread(rows, shop) == before


async def test_nothing_is_done_before_initialize(shop):
    token = await run_in_db_thread(api_token, shop)
    async with connected(token) as socket:
        for command in [*COMMANDS, "dance", None, ""]:
            if command != "initialize":
                require_error(await socket.ask(command, **COMMANDS.get(command, {})))
        assert (await socket.ask("initialize"))["command"] == "initialize"
