"""Blits' REST API: nobody reads or changes what is another tenant's, or another visitor's."""

import pytest

from tenants import credentials, sessions
from tenants.ids import uuid7
from tenants.models import Credential
from tests.architecture.test_isolation import BLITS_ROUTES, GARBAGE, ROUTES, World
from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture
from tests.factories import PASSWORD, make_member, make_tenant
from tests.gateways.blits.rest.client import Blits, answered
from tests.gateways.blits.tokens import api_token, bubble_token
from tests.in_process import stop
from tests.widgets.shops import make_shop

PAGE = {"origin": "https://shop.example", "user_agent": "Firefox"}
# What a route answers to its owner, if it is not 200: nobody waits for an answer here.
STATUSES = {"text": 504, "speech": 400}
SERVERS_ONLY = [name for name in BLITS_ROUTES if name.startswith("GET") and "settings" not in name]
WITH_IDS = [
    (name, parameter)
    for name in BLITS_ROUTES
    for parameter in (*ROUTES[name].path_ids, *ROUTES[name].body_ids)
]
ASKED = [("server", *one) for one in WITH_IDS]
ASKED += [("page", *one) for one in WITH_IDS if one[0] not in SERVERS_ONLY]


class BlitsWorld(World):
    """A tenant with a conversation of a server's user and two of pages, marked with its canary."""

    def __init__(self, name):
        self.tenant = make_tenant(name, is_demo=True)
        self.canary = f"canary-{self.tenant.slug}"
        self.shop = make_shop(self.tenant, "")
        self.server = Blits(api_token(self.shop))
        self.server_ids = self.talk(self.server)
        (self.page, self.page_ids), (_, self.other_ids) = self.visit(), self.visit()

    def visit(self, label=""):
        token = bubble_token(self.shop)
        begun = Blits(token, **PAGE).post("initialize").json()
        page = Blits(token, **PAGE, x_session_secret=begun["sessionSecret"])
        return page, self.talk(page, begun["conversationId"])

    def talk(self, client, conversation_id=""):
        conversation_id = conversation_id or client.begin()
        said = f"Hello {self.canary}"
        answer = answered(self.shop, said, client.say, conversation_id, f"I am {self.canary}")
        return {
            "conversation_id": conversation_id,
            "conversationId": conversation_id,
            "message_id": answer.json()["messageId"],
            "code": self.shop.bubble.code,
        }


@pytest.fixture(scope="module")
def worlds(analyst):  # noqa: F811 -- the fixture
    yield BlitsWorld("Acme"), BlitsWorld("Globex")
    stop()


@pytest.fixture(scope="module")
def strangers(worlds):
    """What is no token here, though the tenant's own."""
    acme, _ = worlds
    member = make_member(acme.tenant, role="owner")
    key = credentials.issue(acme.tenant, Credential.Kind.API_KEY, scopes=["*"]).secret
    jwt = sessions.log_in(email=member.user.email, password=PASSWORD).access
    forged = api_token(acme.shop)[:-3] + "abc"
    return "", "nonsense", forged, acme.shop.token, key, jwt


@pytest.fixture(autouse=True)
def _nobody_waits(settings):
    settings.CHAT_WAIT_SECONDS = 0


def call(client, name, ids, *, body_ids=()):
    method, _, path = name.partition(" ")
    for parameter in ROUTES[name].path_ids:
        path = path.replace(f"<str:{parameter}>", str(ids[parameter]))
    if method == "GET":
        return client.get(f"/{path}?message=Hello")
    return client.post(f"/{path}", {**ROUTES[name].body, **{one: ids[one] for one in body_ids}})


def verdict(answer):
    """What one refusal can be told from another by; it repeats what was asked for."""
    return answer.status, {k: v for k, v in answer.json().items() if k != "conversationId"}


def dumps(worlds):
    return [world.dump() for world in worlds]


@pytest.mark.parametrize("name", BLITS_ROUTES)
def test_every_route_answers_its_owner(worlds, name):
    acme, _ = worlds

    for client, ids in ((acme.server, acme.server_ids), (acme.page, acme.page_ids)):
        answer = call(client, name, ids, body_ids=ROUTES[name].body_ids)
        is_refused = client is acme.page and name in SERVERS_ONLY
        expected = 403 if is_refused else STATUSES.get(name.rpartition("/")[2], 200)
        assert answer.status == expected, answer.content


@pytest.mark.parametrize("name", BLITS_ROUTES)
def test_a_route_refuses_whoever_has_no_token_for_it(worlds, strangers, name):
    acme, _ = worlds
    before = dumps(worlds)

    for token in strangers:
        answer = call(Blits(token), name, acme.server_ids, body_ids=ROUTES[name].body_ids)
        assert answer.status == 401
        assert acme.canary not in answer.content.decode()

    assert dumps(worlds) == before


@pytest.mark.parametrize(("kind", "name", "parameter"), ASKED)
def test_what_is_anothers_cannot_be_told_from_what_is_not_there(worlds, kind, name, parameter):
    acme, globex = worlds
    client, own = (acme.server, acme.server_ids) if kind == "server" else (acme.page, acme.page_ids)
    candidates = [globex.server_ids[parameter], globex.page_ids[parameter], str(uuid7()), *GARBAGE]
    if parameter != "code":
        # Of the same tenant: a page's own are its session's alone, a server's its assistant's.
        candidates += [acme.other_ids[parameter], acme.server_ids[parameter]] * (kind == "page")
    if parameter == "message_id":
        candidates += [acme.page_ids[parameter]]
    before = dumps(worlds)

    verdicts = [
        verdict(call(client, name, {**own, parameter: one}, body_ids=ROUTES[name].body_ids))
        for one in candidates
    ]

    assert {status for status, _ in verdicts} == {404}
    assert all(one == verdicts[0] for one in verdicts)
    assert dumps(worlds) == before


def test_another_assistants_token_reaches_nothing_of_this_one(worlds):
    acme, _ = worlds
    with acme.shop.scope():
        other = acme.shop.assistant.__class__.objects.create(tenant=acme.tenant, name="Other")
    kind = Credential.Kind.API_TOKEN
    token = credentials.issue(acme.tenant, kind, subject_id=other.id).secret
    before = dumps(worlds)

    for name, parameter in WITH_IDS:
        if parameter != "code":
            body_ids = ROUTES[name].body_ids
            assert call(Blits(token), name, acme.server_ids, body_ids=body_ids).status == 404

    assert dumps(worlds) == before
