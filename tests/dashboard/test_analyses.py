import pytest
from django.db import connection
from limits import RateLimitItemPerMinute

from assistants import analyses
from assistants.models import Analysis
from assistants.queries import default_assistant
from assistants.versions import create_version
from dashboard import analyses as views
from tenants import limits
from tenants.limits import Limit
from tenants.scope import tenant_scope
from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture
from tests.dashboard.team import key_api, member_api
from tests.factories import make_assistant

pytestmark = pytest.mark.usefixtures("analyst")


@pytest.fixture
def agent(acme, globex):
    for tenant in (acme, globex):
        make_assistant(tenant, flows=[{"name": "refund", "examples": ["I want my money back"]}])
    return member_api(acme)[1]


def path_of(tenant):
    with tenant_scope(tenant.id):
        return f"assistants/{default_assistant().id}/analyze"


def wanted(tenant):
    with tenant_scope(tenant.id):
        return Analysis.objects.count()


def test_a_message_is_analysed(acme, agent):
    answer = agent.post(path_of(acme), {"message": "I want my money back: 20 EUR"})

    assert answer.status_code == 200
    body = answer.json()
    assert body["message"] == "I want my money back: 20 EUR"
    assert body["topIntent"] == "refund"
    assert body["entities"] == [{"type": "money", "value": "20 EUR", "start": 22, "end": 28}]
    assert body["language"] == {"code": "en", "confidence": 1.0}
    assert (body["sentiment"], body["engine"]) == (None, "local")


def test_a_staged_version_is_asked_on_request(acme, agent):
    with tenant_scope(acme.id):
        create_version(default_assistant(), flows=[{"name": "staged refund"}])
    said = {"message": "A refund, please"}

    names = {
        staging: [
            intent["name"]
            for intent in agent.post(path_of(acme), {**said, "staging": staging}).json()["intents"]
        ]
        for staging in (False, True)
    }

    assert names == {False: ["refund"], True: ["staged refund"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"message": ""},
        {"message": 5},
        {"message": "x" * 8_001},
        {"message": "x", "language": 5},
        {"message": "x", "staging": "perhaps"},
    ],
)
def test_what_is_no_message_is_refused(acme, agent, wrong):
    assert agent.post(path_of(acme), wrong).status_code == 400
    assert wanted(acme) == 0


def test_the_longest_message_is_taken(acme, agent):
    assert agent.post(path_of(acme), {"message": "ü" * 8_000}).status_code == 200


def test_a_foreign_assistant_does_not_exist_whatever_is_sent(acme, globex, agent):
    for body in ({"message": "Hello"}, {"message": 5}):
        answer = agent.post(path_of(globex), body)
        assert (answer.status_code, answer.json()["code"]) == (404, "assistant_not_found")
    assert (wanted(acme), wanted(globex)) == (0, 0)


def test_a_program_needs_the_scope_to_write(acme, agent):
    body = {"message": "Hello"}

    assert key_api(acme, "conversations:write").post(path_of(acme), body).status_code == 200
    assert key_api(acme, "conversations:read").post(path_of(acme), body).status_code == 403


def test_a_tenant_may_ask_for_so_many_a_minute(acme, globex, agent, monkeypatch):
    assert (limits.ANALYSES.window.amount, limits.ANALYSES.window.get_expiry()) == (60, 60)
    monkeypatch.setattr(limits, "ANALYSES", Limit("few", RateLimitItemPerMinute(1)))
    _, other = member_api(globex)

    answers = [agent.post(path_of(acme), {"message": "Hello"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["Retry-After"]) <= 60
    assert wanted(acme) == 1
    assert other.post(path_of(globex), {"message": "Hello"}).status_code == 200


def test_who_waits_in_vain_is_told_so(acme, agent, monkeypatch):
    monkeypatch.setattr(analyses, "WANTED", -analyses.WANTED)
    monkeypatch.setattr(analyses.wait_for, "__kwdefaults__", {"seconds": 0.2})

    answer = agent.post(path_of(acme), {"message": "Hello"})

    assert (answer.status_code, answer.json()["code"]) == (503, "analysis_timeout")


def test_a_waiting_request_holds_no_connection(acme, agent, monkeypatch):
    """Or a few of them would leave none for anybody else."""
    held = []

    def waits(function):
        held.append(connection.connection)
        return lambda *args: {}

    monkeypatch.setattr(views, "async_to_sync", waits)
    agent.post(path_of(acme), {"message": "Hello"})

    assert held == [None]
