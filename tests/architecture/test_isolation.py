"""Nobody reads or changes another tenant's or another visitor's byte, at any door there is.

The tables below name every route and every frame. One that is missing fails the build.
"""

import asyncio
import json
import uuid
from contextlib import closing
from dataclasses import dataclass, field

import httpx
import pytest
from django.apps import apps
from django.db import connection
from django.urls import get_resolver
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from gateways.blackbox.integrations import create_integration, issue_token
from tenants import credentials, sessions
from tenants.ids import uuid7
from tenants.models import Credential
from tenants.scope import TenantModel, tenant_scope
from tests.conversations.calling import waiting_call
from tests.factories import PASSWORD, make_member, make_tenant
from tests.widgets.shops import make_shop, teach

ELSEWHERE = ("admin/", "admin")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
GARBAGE = ("conv-456", "' or 1=1 --", "9" * 400, "null", "00000000-0000-0000-0000-000000000000")


@dataclass(frozen=True)
class Route:
    """Who may knock, and which names in the path or the body are somebody's property."""

    door: str
    path_ids: tuple[str, ...] = ()
    body: dict = field(default_factory=dict)
    body_ids: dict = field(default_factory=dict)
    needs_secret: bool = True


def widget(*path_ids, needs_secret=True, **options):
    return Route("visitor", ("widget_id", *path_ids), needs_secret=needs_secret, **options)


def team(*path_ids, **options):
    return Route("team", path_ids, **options)


def blits(*path_ids, **options):
    """Tried in ``test_blits_rest_isolation.py``."""
    return Route("blits", path_ids, **options)


PUBLIC, CONVERSATION, CALL = Route("public"), "conversation_id", "call_id"
SAYS = {"sessionId": "label", "message": "What are your opening hours?"}
INTEGRATION = "api/v1/web-integrations/<str:integration_id>"
ROUTES = {
    "GET ": PUBLIC,
    "GET healthz": PUBLIC,
    "GET readyz": PUBLIC,
    "GET assets/chat-widget.js": PUBLIC,
    "GET api/schema": PUBLIC,
    "GET api/docs": PUBLIC,
    "POST api/auth/token": PUBLIC,
    "POST api/auth/refresh": PUBLIC,
    "POST api/auth/logout": PUBLIC,
    "GET api/widgets/<str:widget_id>/config": Route("public", ("widget_id",)),
    "POST api/widgets/<str:widget_id>/session": Route("public", ("widget_id",)),
    "POST api/widgets/<str:widget_id>/chat": widget(
        needs_secret=False,
        body=SAYS,
        body_ids={"conversationId": 404, "assistantId": 400, "attachments": 400},
    ),
    "POST api/widgets/<str:widget_id>/track": widget(
        needs_secret=False, body={"sessionId": "label", "event": "opened"}
    ),
    "POST api/widgets/<str:widget_id>/voice/start": widget(
        needs_secret=False, body={"sessionId": "label"}, body_ids={"assistantId": 400}
    ),
    "POST api/widgets/<str:widget_id>/contact": widget(body={"name": "Kim"}),
    "GET api/widgets/<str:widget_id>/conversations": widget(),
    "POST api/widgets/<str:widget_id>/attachments": widget(),
    "GET api/widgets/<str:widget_id>/attachments/<str:attachment_id>": widget("attachment_id"),
    "GET api/widgets/<str:widget_id>/conversations/<str:conversation_id>/messages": widget(
        CONVERSATION
    ),
    "GET api/widgets/<str:widget_id>/conversations/<str:conversation_id>/events": widget(
        CONVERSATION
    ),
    "POST api/widgets/<str:widget_id>/conversations/<str:conversation_id>/read": widget(
        CONVERSATION, body={"seq": 1}
    ),
    "POST api/widgets/<str:widget_id>/conversations/<str:conversation_id>/handover": widget(
        CONVERSATION
    ),
    "POST api/widgets/<str:widget_id>/conversations/<str:conversation_id>/end": widget(
        CONVERSATION
    ),
    "POST api/widgets/<str:widget_id>/conversations/<str:conversation_id>"
    "/tool-calls/<str:call_id>": widget(CONVERSATION, CALL, body={"result": {"shown": True}}),
    "GET api/me": team(),
    "GET api/members": team(),
    "GET api/assistants": team(),
    "GET api/usage": team(),
    "POST api/assistants/<str:assistant_id>/analyze": team(
        "assistant_id", body={"message": "Hello?"}
    ),
    "GET api/contacts/<str:contact_id>": team("contact_id"),
    "GET api/conversations": team(),
    "GET api/conversations/<str:conversation_id>": team(CONVERSATION),
    "GET api/conversations/<str:conversation_id>/messages": team(CONVERSATION),
    "POST api/conversations/<str:conversation_id>/messages": team(
        CONVERSATION, body={"text": "Hello."}, body_ids={"attachments": 400}
    ),
    "GET api/conversations/<str:conversation_id>/tool-calls": team(CONVERSATION),
    "POST api/conversations/<str:conversation_id>/tool-calls/<str:call_id>/approve": team(
        CONVERSATION, CALL
    ),
    "POST api/conversations/<str:conversation_id>/tool-calls/<str:call_id>/reject": team(
        CONVERSATION, CALL
    ),
    "POST api/conversations/<str:conversation_id>/take-over": team(CONVERSATION),
    "POST api/conversations/<str:conversation_id>/give-back": team(CONVERSATION),
    "POST api/conversations/<str:conversation_id>/assign": team(
        CONVERSATION, body={"memberId": None}, body_ids={"memberId": 400}
    ),
    "POST api/conversations/<str:conversation_id>/qualify": team(CONVERSATION),
    "POST api/conversations/<str:conversation_id>/close": team(CONVERSATION),
    "POST api/conversations/<str:conversation_id>/status": team(
        CONVERSATION, body={"status": "pending"}
    ),
    "POST api/conversations/<str:conversation_id>/read": team(CONVERSATION),
    "GET api/v1/web-integrations": team(),
    "POST api/v1/web-integrations": team(body={"name": "Shop"}, body_ids={"assistantId": 400}),
    f"GET {INTEGRATION}": team("integration_id"),
    f"PATCH {INTEGRATION}": team(
        "integration_id", body={"name": "Shop"}, body_ids={"assistantId": 400}
    ),
    f"DELETE {INTEGRATION}": team("integration_id"),
    f"GET {INTEGRATION}/tokens": team("integration_id"),
    f"POST {INTEGRATION}/tokens": team("integration_id", body={"name": "Page"}),
    f"DELETE {INTEGRATION}/tokens/<str:token_id>": team("integration_id", "token_id"),
    "POST api/attachments": team(),
    "GET api/attachments/<str:attachment_id>": team("attachment_id"),
    "POST api/external/initialize": blits(body_ids={"conversationId": 404}),
    "POST api/external/is-active/<str:conversation_id>": blits(CONVERSATION),
    "POST api/external/messages/<str:conversation_id>/text": blits(
        CONVERSATION, body={"message": "Hello?"}
    ),
    "POST api/external/messages/<str:conversation_id>/speech": blits(CONVERSATION),
    "GET api/external/messages/<str:conversation_id>/<str:message_id>": blits(
        CONVERSATION, "message_id"
    ),
    "GET api/external/analyze-message": blits(),
    "GET api/external/settings/<str:code>": blits("code"),
    # Whatever else is asked for below that root.
    r"GET ^api/external(?:/[\s\S]*)?\Z": PUBLIC,
}
VISITOR_ROUTES = [name for name, route in ROUTES.items() if route.door == "visitor"]
TEAM_ROUTES = [name for name, route in ROUTES.items() if route.door == "team"]
BLITS_ROUTES = [name for name, route in ROUTES.items() if route.door == "blits"]
WITH_IDS = [n for n, route in ROUTES.items() if route.path_ids and route.door != "blits"]


class World:
    """One tenant with one of everything, all of it marked with the tenant's canary."""

    def __init__(self, tenant, url):
        self.tenant, self.url = tenant, url
        self.canary = f"canary-{uuid.uuid4().hex}"
        # Without limits, which would refuse before anything else is looked at.
        tenant.is_demo, tenant.phone_number = True, "+15555550100"
        tenant.save()
        self.shop = make_shop(tenant, url)
        teach(self.shop, [{"question": "What are your opening hours?", "answer": self.canary}])
        self.member = make_member(tenant, role="owner")
        self.member.user.name = self.canary
        self.member.user.save()
        self.token = self.shop.token
        self.jwt = sessions.log_in(email=self.member.user.email, password=PASSWORD).access
        self.api_key = credentials.issue(tenant, Credential.Kind.API_KEY, scopes=["*"]).secret
        with tenant_scope(tenant.id):
            self.integration, self.spare_integration = (
                create_integration(name=self.canary) for _ in range(2)
            )
            self.integration_token = issue_token(self.integration, name=self.canary)
        self.visitor, self.other_visitor = self.visit("label"), self.visit("other")

    def visit(self, label):
        """A visitor who has asked something, sent a file and said who they are."""
        with self.shop.client() as client:
            body = {"sessionId": label, "message": f"I am {self.canary}"}
            answer = client.post("chat", json=body).json()
            secret = answer["sessionSecret"]
        with self.shop.client(secret=secret) as client:
            query = {"sessionId": label}
            file = client.post(
                "attachments", params=query, data=query, files={"file": ("a.png", PNG)}
            )
            said = {**query, "message": "My file", "attachments": [file.json()["id"]]}
            client.post("chat", json=said)
            client.post("contact", params=query, json={**query, "name": self.canary})
            unsent = client.post(
                "attachments", params=query, data=query, files={"file": ("b.png", PNG)}
            )
        with tenant_scope(self.tenant.id):
            found = apps.get_model("conversations.Conversation").objects.get(
                pk=answer["conversationId"]
            )
        return {
            "label": label,
            "secret": secret,
            "conversation_id": answer["conversationId"],
            "attachment_id": file.json()["id"],
            "unsent_id": unsent.json()["id"],
            "contact_id": str(found.contact_id),
            "call_id": self.calls_of(found),
        }

    def calls_of(self, conversation):
        """Calls of tools that wait, by the end of the route that answers them."""
        return {
            "<str:call_id>": waiting_call(conversation, self.canary),
            "approve": waiting_call(conversation, self.canary, risk="approval"),
            "reject": waiting_call(conversation, self.canary, risk="approval"),
        }

    def ids(self, visitor):
        return {
            **visitor,
            "widget_id": str(self.tenant.id),
            "conversationId": visitor["conversation_id"],
            "assistantId": str(self.shop.assistant.id),
            "assistant_id": str(self.shop.assistant.id),
            "attachments": [visitor["unsent_id"]],
            "memberId": str(self.member.id),
            "integration_id": {
                f"DELETE {INTEGRATION}": str(self.spare_integration.id),
                "": str(self.integration.id),
            },
            "token_id": str(self.integration_token.credential.id),
        }

    def dump(self):
        """Every row of the tenant, as text; but not when somebody was last seen."""
        with tenant_scope(self.tenant.id), connection.cursor() as cursor:
            rows = []
            for model in apps.get_models():
                if issubclass(model, TenantModel):
                    table = model._meta.db_table
                    row = "to_jsonb(t) - 'last_seen_at'"
                    cursor.execute(f"SELECT ({row})::text FROM {table} t ORDER BY t.id")
                    rows += [f"{table} {row}" for (row,) in cursor.fetchall()]
        return rows


@pytest.fixture(scope="module")
def worlds(live_server_url, live_worker):
    """Two full tenants. Whatever is done here is done as the first; the second must not notice."""
    return tuple(World(make_tenant(name), live_server_url) for name in ("Acme", "Globex"))


def call(world, name, ids, *, token=None, secret=None, body=None):
    """Knock at a route with these ids; the token decides who one is."""
    method, _, template = name.partition(" ")
    route = ROUTES[name]
    path = template
    for parameter in route.path_ids:
        value = ids[parameter]
        if isinstance(value, dict):
            value = value.get(name) or value.get(template.rpartition("/")[2]) or value[""]
        path = path.replace(f"<str:{parameter}>", str(value))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if secret:
        headers["X-Session-Secret"] = secret
    payload = {**route.body, **(body or {})}
    options = {"params": {"sessionId": "label"}}
    if method == "POST" and template.endswith("attachments"):
        options |= {"files": {"file": ("a.png", PNG)}, "data": {"sessionId": "label"}}
    elif method in ("POST", "PATCH"):
        options |= {"json": {"sessionId": "label", **payload}}
    with closing(httpx.Client(timeout=40)) as client:
        return client.request(method, f"{world.url}/{path}", headers=headers, **options)


def verdict(response):
    """What a caller can tell one refusal from another by."""
    try:
        body = response.json()
    except ValueError:
        return response.status_code, response.text
    return response.status_code, {k: v for k, v in body.items() if k != "requestId"}


def own_token(world, name):
    return world.token if ROUTES[name].door == "visitor" else world.jwt


def own_secret(world, name):
    return world.visitor["secret"] if ROUTES[name].door == "visitor" else None


def routes_that_exist():
    """Every route of the resolver, as ``METHOD template``; two slashes make an alias."""

    def walk(patterns, prefix=""):
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if path in ELSEWHERE or "//" in path:
                continue
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, path)
            else:
                yield path, pattern.callback

    for path, callback in walk(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        methods = [
            name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)
        ]
        for method in methods or ["get"]:
            yield f"{method.upper()} {path}"


def test_every_route_is_in_the_table():
    assert set(routes_that_exist()) == set(ROUTES)


def test_every_route_answers_its_owner(worlds):
    acme, _ = worlds
    refused = {}
    last = ("/end", "/close")
    for name in sorted(ROUTES, key=lambda name: (name.startswith("DELETE"), name.endswith(last))):
        if ROUTES[name].door in ("visitor", "team"):
            ids, token = acme.ids(acme.visitor), own_token(acme, name)
            response = call(acme, name, ids, token=token, secret=own_secret(acme, name))
            if response.status_code >= 300:
                refused[name] = verdict(response)

    assert refused == {}


@pytest.mark.parametrize("name", VISITOR_ROUTES + TEAM_ROUTES)
def test_a_route_refuses_everybody_it_is_not_for(worlds, name):
    acme, globex = worlds
    route, before = ROUTES[name], (acme.dump(), globex.dump())
    secret = own_secret(acme, name)
    strangers = {
        "nobody": None,
        "garbage": "nonsense",
        "forged": acme.jwt[:-3] + "abc",
        "the other tenant's visitor": globex.token,
        "the other tenant's widget with an API key": globex.api_key,
        "the other kind": acme.jwt if route.door == "visitor" else acme.token,
    }
    if route.door == "team":
        del strangers["the other tenant's widget with an API key"]

    for who, token in strangers.items():
        response = call(acme, name, acme.ids(acme.visitor), token=token, secret=secret)
        assert response.status_code == 401, who
        assert acme.canary not in response.text

    assert (acme.dump(), globex.dump()) == before


@pytest.mark.parametrize("name", WITH_IDS)
def test_what_is_anothers_cannot_be_told_from_what_is_not_there(worlds, name):
    acme, globex = worlds
    route, before = ROUTES[name], globex.dump()
    token = own_token(acme, name) if route.door != "public" else None
    own = acme.ids(acme.visitor)

    for parameter in route.path_ids:
        foreign = globex.ids(globex.visitor)[parameter]
        candidates = [foreign, str(uuid7()), *GARBAGE]
        if route.door == "visitor" and parameter != "widget_id":
            candidates.append(acme.ids(acme.other_visitor)[parameter])
        if parameter == "widget_id":
            # The other tenant's public id is public; its doors need its own token.
            candidates = [str(uuid7()), *GARBAGE]
        verdicts = [
            verdict(
                call(
                    acme,
                    name,
                    {**own, parameter: candidate},
                    token=token,
                    secret=own_secret(acme, name),
                )
            )
            for candidate in candidates
        ]
        assert {status for status, _ in verdicts} == {404}, parameter
        assert all(body == verdicts[0][1] for _, body in verdicts), parameter

    assert globex.dump() == before


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name in VISITOR_ROUTES + TEAM_ROUTES
        for parameter in ROUTES[name].body_ids
    ],
)
def test_anothers_id_in_a_body_is_as_unknown_as_any(worlds, name, parameter):
    acme, globex = worlds
    before = globex.dump()
    expected, foreign = ROUTES[name].body_ids[parameter], globex.ids(globex.visitor)[parameter]
    wrap = (lambda one: [one]) if isinstance(foreign, list) else (lambda one: one)
    candidates = [foreign, wrap(str(uuid7())), *(wrap(one) for one in GARBAGE)]
    if ROUTES[name].door == "visitor" and parameter != "assistantId":
        candidates.append(acme.ids(acme.other_visitor)[parameter])

    verdicts = [
        verdict(
            call(
                acme,
                name,
                acme.ids(acme.visitor),
                token=own_token(acme, name),
                secret=own_secret(acme, name),
                body={parameter: candidate},
            )
        )
        for candidate in candidates
    ]

    assert {status for status, _ in verdicts} == {expected}
    assert all(body == verdicts[0][1] for _, body in verdicts)
    assert globex.dump() == before


@pytest.mark.parametrize("name", [n for n in VISITOR_ROUTES if ROUTES[n].needs_secret])
def test_a_visitor_needs_a_sessions_secret(worlds, name):
    acme, globex = worlds
    for secret in (None, "ss_wrong", globex.visitor["secret"]):
        response = call(acme, name, acme.ids(acme.visitor), token=acme.token, secret=secret)
        assert response.status_code == 401
        assert acme.canary not in response.text


@pytest.mark.parametrize("name", [n for n in VISITOR_ROUTES if len(ROUTES[n].path_ids) > 1])
def test_another_sessions_secret_opens_nothing_of_this_one(worlds, name):
    acme, _ = worlds

    response = call(
        acme,
        name,
        acme.ids(acme.visitor),
        token=acme.token,
        secret=acme.other_visitor["secret"],
    )

    assert response.status_code == 404


def test_lists_hold_nothing_of_anybody_else(worlds):
    acme, globex = worlds
    for name in TEAM_ROUTES:
        if name.startswith("GET"):
            for token in (acme.jwt, acme.api_key):
                response = call(acme, name, acme.ids(acme.visitor), token=token)
                assert globex.canary not in response.text
    mine = call(
        acme,
        "GET api/widgets/<str:widget_id>/conversations",
        acme.ids(acme.visitor),
        token=acme.token,
        secret=acme.visitor["secret"],
    ).json()
    listed = {one["id"] for one in mine["results"]}
    assert acme.visitor["conversation_id"] in listed
    assert acme.other_visitor["conversation_id"] not in listed


# Sockets.


async def frames_of(url, first, *then, seconds=0.7):
    """All frames that come within a moment, and the close code if there is one."""
    frames = []
    async with connect(url, proxy=None) as ws:
        try:
            await ws.send(json.dumps(first))
            for frame in then:
                await ws.send(json.dumps(frame))
            async with asyncio.timeout(seconds):
                async for text in ws:
                    frames.append(json.loads(text))
        except TimeoutError:
            return frames, None
        except ConnectionClosed:
            return frames, ws.close_code
        return frames, ws.close_code


def sockets(world):
    base = world.url.replace("http", "ws")
    return f"{base}/api/ws/tenant", f"{base}/api/ws/chat"


async def test_the_teams_socket_refuses_everybody_else(worlds):
    acme, globex = worlds
    url, _ = sockets(acme)
    for token in (None, "", "nonsense", acme.token, acme.api_key, acme.jwt[:-3] + "abc", 7):
        frames, code = await frames_of(url, {"type": "auth", "token": token, "lastEventId": 0})
        assert code == 4401
        assert [frame["type"] for frame in frames] == ["error"]
    assert globex.jwt != acme.jwt


async def test_the_teams_socket_replays_its_own_tenant_only(worlds):
    acme, globex = worlds
    url, _ = sockets(acme)

    frames, code = await frames_of(url, {"type": "auth", "token": acme.jwt, "lastEventId": 0})

    text = json.dumps(frames)
    assert code is None
    assert acme.canary in text
    assert globex.canary not in text
    ids = [frame["id"] for frame in frames if "id" in frame]
    assert ids == list(range(1, len(ids) + 1))


async def test_the_teams_frames_reach_no_other_tenant(worlds):
    acme, globex = worlds
    url, chat = sockets(acme)
    listening = asyncio.create_task(
        frames_of(
            chat,
            {
                "type": "auth",
                "token": globex.token,
                "sessionId": "label",
                "sessionSecret": globex.visitor["secret"],
                "conversationId": globex.visitor["conversation_id"],
            },
            seconds=2,
        )
    )
    await asyncio.sleep(0.3)
    for conversation_id in (globex.visitor["conversation_id"], str(uuid7()), *GARBAGE, None, 7, {}):
        frames, _ = await frames_of(
            url,
            {"type": "auth", "token": acme.jwt},
            {"type": "typing", "conversationId": conversation_id},
            {"type": "presence", "conversationId": conversation_id, "status": "online"},
            seconds=0.3,
        )
        assert "error" in {frame["type"] for frame in frames}

    heard, _ = await listening
    # The last one is of the listener's own page.
    assert [frame["type"] for frame in heard] == ["auth:ok", "tool:request"]
    assert heard[1]["data"]["args"] == {"word": globex.canary}


async def test_the_visitors_socket_needs_token_secret_and_an_own_conversation(worlds):
    acme, globex = worlds
    _, url = sockets(acme)
    good = {
        "type": "auth",
        "token": acme.token,
        "sessionId": "label",
        "sessionSecret": acme.visitor["secret"],
        "lastEventId": 0,
    }
    wrong = [
        {"token": globex.token},
        {"token": acme.jwt},
        {"token": "nonsense"},
        {"sessionSecret": globex.visitor["secret"]},
        {"sessionSecret": acme.other_visitor["secret"]},
        {"sessionSecret": ""},
        {"sessionId": "other"},
        {"conversationId": globex.visitor["conversation_id"]},
        {"conversationId": acme.other_visitor["conversation_id"]},
        *({"conversationId": one} for one in GARBAGE),
    ]

    frames, code = await frames_of(url, good)
    assert (frames[0]["type"], code) == ("auth:ok", None)
    for change in wrong:
        frames, code = await frames_of(url, {**good, **change})
        assert code in (4400, 4401, 4404), change
        assert [frame["type"] for frame in frames] == ["error"]
        assert acme.canary not in json.dumps(frames)


async def test_the_visitors_frames_answer_no_call_but_their_own(worlds):
    acme, globex = worlds
    _, url = sockets(acme)
    auth = {
        "type": "auth",
        "token": acme.token,
        "sessionId": "label",
        "sessionSecret": acme.visitor["secret"],
        "conversationId": acme.visitor["conversation_id"],
    }
    theirs = [*globex.visitor["call_id"].values(), *acme.other_visitor["call_id"].values()]
    to_approve = acme.visitor["call_id"]["approve"]
    before = await asyncio.to_thread(lambda: (acme.dump(), globex.dump()))

    frames, code = await frames_of(
        url,
        auth,
        *(
            {"type": "tool:result", "callId": call_id, "result": "mine"}
            for call_id in (*theirs, to_approve, str(uuid7()), *GARBAGE, None, 7, {})
        ),
        seconds=2,
    )

    refused = [frame for frame in frames if frame["type"] == "error"]
    assert code is None
    assert len(refused) == len(theirs) + 10
    assert {frame["code"] for frame in refused} == {"tool_call_not_found"}
    assert "ack" not in {frame["type"] for frame in frames}
    assert await asyncio.to_thread(lambda: (acme.dump(), globex.dump())) == before


async def test_a_page_is_asked_only_what_its_own_conversation_wants_done(worlds):
    for world in worlds:
        auth = {
            "type": "auth",
            "token": world.token,
            "sessionId": "label",
            "sessionSecret": world.visitor["secret"],
            "conversationId": world.visitor["conversation_id"],
        }
        frames, _ = await frames_of(sockets(world)[1], auth)
        requests = [frame["data"] for frame in frames if frame["type"] == "tool:request"]
        assert {data["id"] for data in requests} <= {world.visitor["call_id"]["<str:call_id>"]}


async def test_private_notes_never_reach_the_visitor(worlds):
    acme, _ = worlds
    note = f"note-{uuid.uuid4().hex}"
    posted = await asyncio.to_thread(
        call,
        acme,
        "POST api/conversations/<str:conversation_id>/messages",
        acme.ids(acme.visitor),
        token=acme.jwt,
        body={"text": note, "private": True},
    )
    assert posted.status_code == 201
    _, url = sockets(acme)

    frames, _ = await frames_of(
        url,
        {
            "type": "auth",
            "token": acme.token,
            "sessionId": "label",
            "sessionSecret": acme.visitor["secret"],
            "conversationId": acme.visitor["conversation_id"],
            "lastEventId": 0,
        },
    )
    assert note not in json.dumps(frames)
    for kind in ("messages", "events"):
        name = f"GET api/widgets/<str:widget_id>/conversations/<str:conversation_id>/{kind}"
        response = await asyncio.to_thread(
            call,
            acme,
            name,
            acme.ids(acme.visitor),
            token=acme.token,
            secret=acme.visitor["secret"],
        )
        assert response.status_code == 200
        assert note not in response.text
