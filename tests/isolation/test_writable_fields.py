"""What a caller may write, by route: a field more fails here until somebody has thought of it."""

import json
import re

import pytest
from django.apps import apps
from django.test import override_settings

from conversations.models import Conversation, Message
from tenants.scope import tenant_scope
from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture
from tests.in_process import run, stop
from tests.isolation.callers import CALLERS
from tests.isolation.knocking import Knock
from tests.isolation.lines import connected, is_error
from tests.isolation.outcomes import LET_IN
from tests.isolation.routes import (
    CANNED_RESPONSE,
    CONTACT,
    CONVERSATION,
    INTEGRATION,
    ROUTES,
    WIDGET,
    description,
    table,
)
from tests.isolation.rows import rows
from tests.isolation.values import OWN
from tests.isolation.worlds import QUICK, World

NAMED = {"name", "assistantId", "allowWebChat", "allowWebCall", "origins", "browserTools"}
# All fields of all bodies. None is a tenant, an owner, a role, a hash or a time that we note.
WRITABLE = {
    "POST api/auth/token": {"email", "password", "tenantId", "otp"},
    "POST api/auth/refresh": {"refresh"},
    "POST api/auth/logout": {"refresh"},
    "POST api/auth/browser": {"email", "password", "tenantId", "otp"},
    # Their own.
    "PATCH api/me": {"name", "preferences"},
    # By whoever ranks as high, of others.
    "PATCH api/members/<str:member_id>": {"role"},
    "POST api/invitations": {"email", "name", "role"},
    "POST api/visitors/<str:visitor_id>/messages": {"text", "messageId", "memberId"},
    f"POST {WIDGET}/presence": {"visitorId", "url", "title", "left"},
    f"POST {WIDGET}/session": {"sessionId", "locale", "userId"},
    f"POST {WIDGET}/chat": {
        "sessionId", "userId", "message", "assistantId", "conversationId", "messageId",
        "attachments", "flowName", "language", "variables", "additionalInput", "useStagingVersion",
        "environment", "handOverWhenSpent", "newConversation", "wait",
    },
    f"POST {WIDGET}/track": {"sessionId", "event", "timestamp", "metadata"},
    f"POST {WIDGET}/voice/start": {"sessionId", "assistantId"},
    f"POST {WIDGET}/contact": {"email", "name", "phone", "attributes"},
    f"POST {WIDGET}/offline": {"sessionId", "name", "email", "message", "messageId", "locale"},
    f"POST {WIDGET}/conversations/<str:conversation_id>/rating": {"score", "comment"},
    f"POST {WIDGET}/conversations/<str:conversation_id>/transcript": {"email", "locale"},
    f"POST {WIDGET}/identify": {"sessionId", "token", "userId", "userHash", "email", "name"},
    f"POST {WIDGET}/resume": {"token"},
    f"POST {WIDGET}/attributes": {"attributes"},
    f"POST {WIDGET}/attachments": {"file"},
    f"POST {WIDGET}/conversations/<str:conversation_id>/read": {"seq"},
    f"POST {WIDGET}/conversations/<str:conversation_id>/tool-calls/<str:call_id>": {
        "result", "error",
    },
    "POST api/assistants/<str:assistant_id>/analyze": {"message", "language", "staging"},
    "POST api/attachments": {"file"},
    f"POST {CONVERSATION}/messages": {
        "text", "private", "attachments", "messageId", "memberId", "mentions", "ifSeq",
    },
    f"POST {CONVERSATION}/take-over": {"memberId"},
    f"POST {CONVERSATION}/close": {"ifSeq"},
    f"POST {CONVERSATION}/assign": {"memberId", "teamId"},
    "POST api/contacts": {"name", "email", "phone", "attributes"},
    f"PATCH {CONTACT}": {"name", "email", "phone", "attributes"},
    f"POST {CONTACT}/merge": {"into"},
    # Their own.
    "PUT api/availability": {"status", "capacity"},
    "POST api/teams": {"name", "strategy", "memberIds"},
    "PATCH api/teams/<str:team_id>": {"name", "strategy", "memberIds"},
    f"POST {CONVERSATION}/qualify": {"details"},
    f"POST {CONVERSATION}/priority": {"priority"},
    f"POST {CONVERSATION}/labels": {"add", "remove"},
    # To conversations of the tenant's, what each of these takes.
    "POST api/conversations/bulk": {"ids", "do", "with"},
    # Their own.
    f"PUT {CONVERSATION}/draft": {"text", "private"},
    "POST api/views": {"name", "filters", "sort", "shared"},
    "PATCH api/views/<str:view_id>": {"name", "filters", "sort", "shared"},
    "POST api/labels": {"name", "color"},
    "PATCH api/labels/<str:label_id>": {"name", "color"},
    "POST api/canned-responses": {"shortcut", "text", "teamId"},
    f"PATCH {CANNED_RESPONSE}": {"shortcut", "text", "teamId"},
    f"POST {CANNED_RESPONSE}/render": {"conversationId", "memberId"},
    # Of an own conversation, to one of three that are neither its end nor its owner.
    f"POST {CONVERSATION}/status": {"status", "until"},
    "POST api/v1/web-integrations": NAMED,
    f"PATCH {INTEGRATION}": NAMED,
    f"POST {INTEGRATION}/tokens": {"name"},
}  # fmt: skip
FORBIDDEN = re.compile(
    r"tenant(?!Id$)|account|owner|role|scope|(?<!^user)hash|digest|sealed|secret|created|updated|revoked"
    r"|^id$|author|sender|seq(?!$)|is_?(staff|demo|super)|fingerprint|epoch|decided",
    re.IGNORECASE,
)
GIVE_ROLES = {"PATCH api/members/<str:member_id>", "POST api/invitations"}
OF_A_FILE = {f"POST {WIDGET}/attachments", "POST api/attachments"}
WRITERS = {
    "config": "nobody",
    "page": "a visitor",
    "visitor": "a visitor",
    "blits": "a server",
    "public": "nobody",
}
WRITING = [one for one in ROUTES if one.startswith(("POST", "PATCH")) and one not in OF_A_FILE]
SMUGGLED = "smuggled-in"


@pytest.fixture(scope="module")
def worlds(analyst):  # noqa: F811 -- the fixture
    with pytest.MonkeyPatch.context() as patch, override_settings(PASSWORD_HASHERS=QUICK):
        patch.setattr("django.conf.settings.CHAT_WAIT_SECONDS", 0)
        made = {name: World(name) for name in ("acme", "globex")}
        for world in made.values():
            world.admit_vendors()
        yield made
        stop()
        for world in made.values():
            world.close()


def test_nothing_else_can_be_written():
    bodies = {
        name: {one.name for one in parameters if one.where == "body"}
        for name, parameters in description().items()
    }

    assert {name: fields for name, fields in bodies.items() if fields} == WRITABLE
    for name, fields in WRITABLE.items():
        given = fields - ({"role"} if name in GIVE_ROLES else set())
        assert [field for field in given if FORBIDDEN.search(field)] == [], name


def columns(known):
    """The names of all that is stored of anything, in both spellings, but those that are known."""
    names = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    names |= {f"{name}_id" for name in names}
    camel = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names}
    return (names | camel) - known


@pytest.mark.parametrize("name", WRITING)
def test_the_names_of_columns_are_no_names_of_fields(worlds, name):
    route = table()[name]
    caller = next(
        one for one in CALLERS if one.name == WRITERS.get(route.door.split()[0], "an owner")
    )
    known = WRITABLE.get(name, set()) | {one.name for one in route.parameters}
    known |= {"language", "message", "type", "location", "sessionId"}
    knock = Knock(
        worlds, route, None, OWN, caller, LET_IN, extra=dict.fromkeys(columns(known), SMUGGLED)
    )

    answer = knock.answer()

    assert answer.status in {*route.success, 401 if "auth" in name else 200}, answer.content
    for world in worlds.values():
        assert [row for row in rows(world.tenant.id) if SMUGGLED in row] == []


@pytest.mark.parametrize(
    ("name", "path", "first", "frame"),
    [
        ("visitor", "/api/ws/chat", "auth", "message"),
        ("tenant", "/api/ws/tenant", "auth", "presence"),
        ("blits", "/", "initialize", "message"),
        ("zeebee", "/ws?tenant={slug}", "init", "message"),
        ("dev", "/api/v1/ws/dev?authorization={key}", "initialize", "incomingChatMessage"),
    ],
)
def test_frames_write_no_columns_either(worlds, name, path, first, frame):
    acme = worlds["acme"]
    known = {
        "token": acme.tokens["agent" if name == "tenant" else "widget token"],
        # Somebody whom no route above has logged out.
        "sessionId": acme.other.ids["label"],
        "sessionSecret": acme.other.secret if name == "visitor" else None,
        "authToken": acme.tokens["API token"],
        "api_key": acme.tokens["API key"],
        "message": "Hello?",
        "text": "Hello?",
        "content": "Hello?",
        "messageId": "once",
        "request": {"callType": "chat"},
        "lastEventId": None,
        "channelId": None,
        "timestamp": "2031-05-17T10:00:00Z",
    }
    read = {
        "conversationId", "conversation_id", "userId", "user_id", "attachments", "language",
        "variables", "additionalInput", "flowName", "location", "command", "type", "status",
        "model",
    }  # fmt: skip
    said = {**dict.fromkeys(columns({*known, *read}), SMUGGLED), **known}

    async def talk():
        address = path.format(slug=acme.tenant.slug, key=acme.tokens["API key"])
        async with connected(name, address) as line:
            # Before it is opened no socket takes as much.
            return [*await line.open(first, known), *await line.say(frame, said)]

    heard = run(talk())

    assert not any(map(is_error, heard)), heard
    for world in worlds.values():
        assert [row for row in rows(world.tenant.id) if SMUGGLED in row] == []


@pytest.mark.parametrize("role", ["owner", "admin", "agent"])
def test_a_member_writes_in_nobody_elses_name(worlds, role):
    acme = worlds["acme"]
    other = acme.members["agent" if role != "agent" else "owner"]
    route = table()[f"POST {CONVERSATION}/messages"]
    caller = next(one for one in CALLERS if one.token == role and one.world == "acme")

    answer = Knock(
        worlds, route, None, OWN, caller, LET_IN, extra={"memberId": str(other.id)}
    ).answer()

    assert answer.json()["author"]["id"] == str(acme.members[role].id)
    with tenant_scope(acme.tenant.id):
        written = Message.objects.get(pk=json.loads(answer.content)["id"])
        assert written.author_id == acme.members[role].id
        held = Conversation.objects.filter(pk=written.conversation_id, assignee=other)
        assert held.count() == 0
