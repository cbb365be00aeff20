"""Blits' commands: nobody reads or changes what is another tenant's, or another visitor's."""

import json

import pytest

from gateways.blits.socket import COMMANDS
from tenants.executor import run_in_db_thread
from tenants.ids import uuid7
from tests.architecture.test_isolation import GARBAGE, World
from tests.factories import make_tenant
from tests.gateways.blits.conftest import closed_hub  # noqa: F401 -- a fixture
from tests.gateways.blits.sockets import answer, connected, talking
from tests.gateways.blits.tokens import api_token, bubble_token
from tests.widgets.shops import make_shop

pytestmark = pytest.mark.usefixtures("closed_hub")

# Every command, with what it needs beside what all have.
FRAMES = {
    "initialize": {},
    "message": {"message": "Hello?"},
    "streamUserSpeech": {"chunk": "UklGRg=="},
    "isActive": {},
    "loadHistory": {},
    "deleteHistory": {},
    "stateVariables": {"variables": {"a": 1}},
    "debug": {},
}
SERVERS_ONLY = {"deleteHistory", "debug"}


class BlitsWorld(World):
    """A tenant with a conversation of a server's user and two of pages, marked with its canary."""

    def __init__(self, name):
        self.tenant = make_tenant(name, is_demo=True)
        self.canary = f"canary-{self.tenant.slug}"
        self.shop = make_shop(self.tenant, "")
        self.tokens = {"server": api_token(self.shop), "page": bubble_token(self.shop)}
        self.token = self.shop.token
        self.conversations = {}

    async def fill(self):
        for whose, kind in (("server", "server"), ("page", "page"), ("other", "page")):
            async with talking(self.shop, token=self.tokens[kind], userId="kim") as socket:
                await socket.write(f"I am {self.canary}")
                await run_in_db_thread(answer, self.shop, f"Hello {self.canary}")
                await socket.frame()
                self.conversations[whose] = socket.conversation_id
        return self


@pytest.fixture
async def worlds():
    made = [await run_in_db_thread(BlitsWorld, name) for name in ("Acme", "Globex")]
    return [await world.fill() for world in made]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Sockets count their frames, and would refuse before anything else is looked at."""
    monkeypatch.setattr("realtime.consumer.Window.hit", lambda window: True)


def verdict(frame):
    """What one refusal can be told from another by; it repeats what was asked for."""
    return {name: value for name, value in frame.items() if name != "conversationId"}


def test_every_command_is_in_the_table():
    assert set(FRAMES) == set(COMMANDS)


async def dumps(worlds):
    return [await run_in_db_thread(world.dump) for world in worlds]


@pytest.mark.parametrize("kind", ["server", "page"])
async def test_what_is_anothers_cannot_be_told_from_what_is_not_there(worlds, kind):
    acme, globex = worlds
    candidates = [*globex.conversations.values(), str(uuid7()), *GARBAGE]
    # Another browser than that of the page's conversations, unless a server asks.
    if kind == "page":
        candidates += acme.conversations.values()

    async with connected(acme.tokens[kind], **{"user-agent": "Other"}) as socket:
        await socket.initialize()
        before = await dumps(worlds)
        for command, fields in FRAMES.items():
            verdicts = [
                verdict(await socket.ask(command, **{**fields, "conversationId": candidate}))
                for candidate in candidates
            ]
            assert all(one == verdicts[0] for one in verdicts), command
            is_refused = kind == "page" and command in SERVERS_ONLY
            expected = "This token may not do this" if is_refused else "Conversation not found"
            assert verdicts[0]["error"] == expected, command

    assert await dumps(worlds) == before


async def test_a_users_name_means_another_user_at_another_tenant(worlds):
    acme, globex = worlds

    async with talking(acme.shop, token=acme.tokens["server"]) as socket:
        read = await socket.ask("loadHistory", conversationId=None, userId="kim")
        before = await run_in_db_thread(globex.dump)
        erased = await socket.ask("deleteHistory", conversationId=None, userId="kim")
        nobody = await socket.ask("loadHistory", conversationId=None, userId="kim")

    assert [one["message"] for one in read["chatHistory"]] == [
        f"I am {acme.canary}",
        f"Hello {acme.canary}",
    ]
    assert erased["command"] == "deleteHistory"
    assert nobody["chatHistory"] == []
    assert await run_in_db_thread(globex.dump) == before


async def test_a_foreign_or_forged_token_opens_nothing(worlds):
    acme, globex = worlds
    strangers = [
        globex.tokens["server"],
        globex.tokens["page"],
        acme.tokens["server"][:-3] + "abc",
        acme.token,
        "nonsense",
        "",
        None,
    ]

    async with talking(acme.shop, token=acme.tokens["server"]) as socket:
        known = socket.conversation_id
        before = await dumps(worlds)
        for token in strangers:
            for command, fields in FRAMES.items():
                frame = await socket.ask(
                    command, **{**fields, "authToken": token, "conversationId": known}
                )
                assert "command" not in frame, (command, frame)
                assert acme.canary not in json.dumps(frame)

    assert await dumps(worlds) == before


async def test_nobody_hears_anothers_conversation(worlds):
    acme, globex = worlds
    async with (
        talking(acme.shop, token=acme.tokens["server"]) as mine,
        talking(acme.shop, token=acme.tokens["server"]) as neighbour,
        talking(globex.shop, token=globex.tokens["server"]) as theirs,
    ):
        await mine.write("Well?")
        await run_in_db_thread(answer, acme.shop, acme.canary)
        heard = await mine.frame()
        silent = [await other.is_silent(0.2) for other in (neighbour, theirs)]

    assert heard["response"] == acme.canary
    assert silent == [True, True]
