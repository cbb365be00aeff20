"""Setting up web integrations over REST."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connections

from gateways.blackbox.integrations import create_integration, delete_integration, issue_token
from gateways.models import WebIntegration
from tenants import credentials
from tenants.errors import Conflict, Unauthorized
from tenants.ids import uuid7
from tenants.models import AuditEntry, Credential
from tenants.scope import tenant_scope
from tests.dashboard.team import Api, key_api, member_api
from tests.dashboard.test_schema import schema, validate  # noqa: F401 -- a fixture
from tests.factories import make_assistant

PATH = "v1/web-integrations"
ITEM = f"/api/{PATH}/{{integration_id}}"


@pytest.fixture
def api(acme):
    return key_api(acme, "integrations")


@pytest.fixture
def shop(acme):
    with tenant_scope(acme.id):
        return create_integration(name="Shop")


def audited(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("at").values_list("action", "actor"))


def stored(tenant):
    with tenant_scope(tenant.id):
        return list(WebIntegration.objects.order_by("id").values())


def test_an_integration_is_made_read_changed_and_deleted(acme, api):
    assistant = make_assistant(acme)
    given = {
        "name": "Shop",
        "assistantId": str(assistant.id),
        "allowWebChat": False,
        "allowWebCall": True,
        "origins": ["https://shop.example"],
        "browserTools": ["show_product"],
    }

    made = api.post(PATH, given)
    path = f"{PATH}/{made.json()['id']}"
    changed = api.patch(path, {"allowWebChat": True, "assistantId": None})
    read = api.get(path)
    deleted = api.delete(path)

    assert (made.status_code, changed.status_code, deleted.status_code) == (201, 200, 204)
    assert made.json().items() >= given.items()
    assert read.json() == changed.json()
    assert read.json().items() >= {**given, "allowWebChat": True, "assistantId": None}.items()
    assert (api.get(path).status_code, stored(acme)) == (404, [])
    acts = [act for act, _ in audited(acme)]
    assert acts[-3:] == [f"webintegration.{act}" for act in ("created", "changed", "deleted")]


def test_an_integration_needs_a_name_and_nothing_else(api):
    made = api.post(PATH, {"name": "Shop"}).json()

    assert (made["allowWebChat"], made["allowWebCall"], made["assistantId"]) == (True, False, None)
    assert (made["origins"], made["browserTools"]) == ([], [])


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", [None, 5, True, [], {}, "", "   ", "x" * 101]),
        ("assistantId", [5, True, [], {}, "garbage", str(uuid7())]),
        ("allowWebChat", [None, "perhaps", 7, [], {}]),
        ("allowWebCall", [None, "perhaps", 7, [], {}]),
        ("origins", [None, "https://a.example", 5, {}, [5], ["a.example"], ["x" * 301]]),
        ("origins", [["https://a.example"] * 101]),
        (
            "browserTools",
            [None, "show", 5, {}, [None], ["two words"], ["1st"], ["x" * 65]],
        ),
    ],
)
def test_wrong_fields_are_refused_and_change_nothing(acme, api, shop, field, values):
    before = stored(acme)
    for value in values:
        for answer in (
            api.post(PATH, {"name": "Shop", field: value}),
            api.patch(f"{PATH}/{shop.id}", {field: value}),
        ):
            assert answer.status_code == 400, (field, value)
    assert stored(acme) == before


def test_a_token_is_told_once_and_opens_its_integration_until_it_is_revoked(acme, api, shop):
    tokens = f"{PATH}/{shop.id}/tokens"

    made = api.post(tokens, {"name": "Page"})
    grant = credentials.verify(made.json()["token"], kinds=[Credential.Kind.WEB_INTEGRATION_TOKEN])
    listed = api.get(tokens).json()
    revoked = api.delete(f"{tokens}/{made.json()['id']}")

    assert made.status_code == 201
    assert (grant.tenant_id, grant.subject_id) == (acme.id, shop.id)
    assert [one["name"] for one in listed["results"]] == ["Page"]
    assert made.json()["token"] not in str(listed)
    assert (revoked.status_code, api.get(tokens).json()["results"]) == (204, [])
    assert api.delete(f"{tokens}/{made.json()['id']}").status_code == 404
    with pytest.raises(Unauthorized):
        credentials.verify(made.json()["token"], kinds=[Credential.Kind.WEB_INTEGRATION_TOKEN])


def test_two_tokens_of_one_integration_have_two_names(acme, api, shop):
    tokens = f"{PATH}/{shop.id}/tokens"
    other = api.post(PATH, {"name": "Other"}).json()["id"]

    first = api.post(tokens, {"name": "Page"})
    second = api.post(tokens, {"name": "Page"})
    elsewhere = api.post(f"{PATH}/{other}/tokens", {"name": "Page"})
    api.delete(f"{tokens}/{first.json()['id']}")
    again = api.post(tokens, {"name": "Page"})

    assert (first.status_code, elsewhere.status_code, again.status_code) == (201, 201, 201)
    assert (second.status_code, second.json()["code"]) == (409, "duplicate_name")


def test_of_two_requests_at_once_one_gets_the_name(acme, shop):
    def issue(_):
        try:
            with tenant_scope(acme.id):
                issue_token(shop, name="Page")
        except Conflict:
            return "refused"
        finally:
            connections.close_all()
        return "made"

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(issue, range(4)))

    assert sorted(results) == ["made", "refused", "refused", "refused"]


@contextmanager
def meanwhile(tenant, request, *args):
    """Make a request while the caller's transaction is open, which it has to wait for."""

    def send():
        try:
            return request(*args)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads, tenant_scope(tenant.id):
        yield (waiting := threads.submit(send))
        with pytest.raises(TimeoutError):
            waiting.result(0.2)


@pytest.mark.parametrize("act", ["change", "issue", "delete"])
def test_what_comes_while_an_integration_is_deleted_finds_nothing(acme, api, shop, act):
    path = f"{PATH}/{shop.id}"
    request = {
        "change": (api.patch, path, {"name": "Other"}),
        "issue": (api.post, f"{path}/tokens", {"name": "Page"}),
        "delete": (api.delete, path),
    }[act]

    with meanwhile(acme, *request) as answer:
        delete_integration(shop, actor="system")

    assert (answer.result().status_code, stored(acme)) == (404, [])
    assert not Credential.objects.filter(tenant=acme, kind="web_integration_token").exists()


def test_a_token_that_is_made_while_its_integration_is_deleted_is_revoked(acme, api, shop):
    with meanwhile(acme, api.delete, f"{PATH}/{shop.id}") as answer:
        issued = issue_token(shop, name="Page")

    assert answer.result().status_code == 204
    with pytest.raises(Unauthorized):
        credentials.verify(issued.secret, kinds=[Credential.Kind.WEB_INTEGRATION_TOKEN])


def test_deleting_an_integration_revokes_its_tokens(acme, api, shop):
    token = api.post(f"{PATH}/{shop.id}/tokens", {"name": "Page"}).json()["token"]

    api.delete(f"{PATH}/{shop.id}")

    with pytest.raises(Unauthorized):
        credentials.verify(token, kinds=[Credential.Kind.WEB_INTEGRATION_TOKEN])


def test_lists_are_paged(api):
    ids = [api.post(PATH, {"name": f"Shop {number}"}).json()["id"] for number in range(3)]

    first = api.get(PATH, limit=2).json()
    second = api.get(PATH, limit=2, cursor=first["nextCursor"]).json()

    assert [one["id"] for one in first["results"] + second["results"]] == ids
    assert (first["hasMore"], second["hasMore"]) == (True, False)


def test_admins_and_keys_with_the_scope_may_and_nobody_else(acme, globex, shop):
    may = {role: member_api(acme, role=role)[1] for role in ("owner", "admin")}
    may_not = {"agent": member_api(acme)[1], "key": key_api(acme, "conversations:write", "chat")}

    for who, api in may.items():
        assert api.get(PATH).status_code == 200, who
    for who, api in may_not.items():
        answers = [api.get(PATH), api.post(PATH, {"name": "x"}), api.delete(f"{PATH}/{shop.id}")]
        assert {answer.status_code for answer in answers} == {403}, who
    assert Api().get(PATH).status_code == 401
    assert key_api(globex, "*").get(f"{PATH}/{shop.id}").status_code == 404
    assert len(stored(acme)) == 1


def test_the_audit_log_tells_who_it_was(acme, shop):
    member, api = member_api(acme, role="admin")

    api.post(f"{PATH}/{shop.id}/tokens", {"name": "Page"})

    assert audited(acme)[-1] == ("credential.issued", member.user.email)


def test_answers_are_as_described(acme, api, shop, schema):  # noqa: F811 -- the fixture
    tokens = f"{PATH}/{shop.id}/tokens"
    for path, method, status, answer in [
        (f"/api/{PATH}", "post", "201", api.post(PATH, {"name": "Other"})),
        (f"/api/{PATH}", "get", "200", api.get(PATH)),
        (ITEM, "get", "200", api.get(f"{PATH}/{shop.id}")),
        (ITEM, "patch", "200", api.patch(f"{PATH}/{shop.id}", {})),
        (f"{ITEM}/tokens", "post", "201", api.post(tokens, {"name": "Page"})),
        (f"{ITEM}/tokens", "get", "200", api.get(tokens)),
    ]:
        assert str(answer.status_code) == status, path
        validate(schema, schema["paths"][path][method]["responses"][status], answer.json())
