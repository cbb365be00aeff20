"""What the team notes for itself is not for the visitor, by whichever way they read."""

import json

import pytest

from conversations import engine
from tests.in_process import request, run, stop
from tests.isolation.lines import connected
from tests.isolation.worlds import QUICK, World


@pytest.fixture
def worlds(database, settings):
    settings.PASSWORD_HASHERS = QUICK
    made = [World(name) for name in ("acme", "globex")]
    yield made
    stop()
    for world in made:
        world.close()


def test_notes_never_reach_the_visitor(worlds):
    world, rival = worlds
    say(rival, "Said elsewhere.", "A note elsewhere.")
    before = rival.fingerprint()
    say(world, "Said to all.", "A note.")

    heard = run(replayed(world))
    read = [read_by_the_visitor(world, kind) for kind in ("messages", "events")]

    for text in (json.dumps(heard), *read):
        assert "Said to all." in text
        assert "A note." not in text
        assert "elsewhere" not in text
    assert rival.fingerprint() == before


def say(world, text, note):
    with world.scope():
        conversation = engine.team_conversation(world.mine.ids["conversation"])
        member = world.members["agent"]
        engine.post_reply(conversation, member, text=text)
        engine.post_reply(conversation, member, text=note, private=True)


async def replayed(world):
    auth = {
        "token": world.tokens["widget token"],
        "sessionId": world.mine.ids["label"],
        "sessionSecret": world.mine.secret,
        "conversationId": world.mine.ids["conversation"],
        "lastEventId": 0,
    }
    async with connected("visitor", "/api/ws/chat") as line:
        return [*await line.open("auth", auth), *await line.say("nothing", {})]


def read_by_the_visitor(world, kind):
    headers = {
        "authorization": f"Bearer {world.tokens['widget token']}",
        "x-session-secret": world.mine.secret,
    }
    where = f"/api/widgets/{world.tenant.id}/conversations/{world.mine.ids['conversation']}"
    return request("GET", f"{where}/{kind}", headers=headers).content.decode()
