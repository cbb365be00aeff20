"""Nobody reads or changes another tenant's or visitor's byte over BlackBox's sockets."""

import copy

import pytest

from conversations.models import ToolCall
from gateways.blackbox.integrations import create_integration, issue_token
from tenants.ids import uuid7
from tests.architecture.test_isolation import GARBAGE
from tests.conversations.calling import waiting_call
from tests.factories import make_tenant
from tests.gateways.blackbox.places import Place


class Told(Place):
    """A place where a page and a server have each told the assistant a canary."""

    def __init__(self, name, url):
        super().__init__(make_tenant(name), url, browser_tools=["show"])
        self.canary = f"canary-{uuid7()}"
        self.pages = [self.tell(), self.tell()]
        self.servers = self.tell(dev=True)

    def tell(self, **options):
        with self.chat(**options) as client:
            client.say(f"I am {self.canary}")
            client.until("text")
        client.call_id = waiting_call(self.conversation(client.record_id), self.canary)
        return client


@pytest.fixture(scope="module")
def places(live_server_url, database):
    return tuple(Told(name, live_server_url) for name in ("Acme", "Globex"))


def state_of(place):
    clients = [*place.pages, place.servers]
    calls = [one.call_id for one in clients]
    with place.scope():
        states = list(ToolCall.objects.filter(pk__in=calls).values_list("state", "result"))
    return [place.texts(one.record_id) for one in clients], states


def test_a_credential_of_one_tenant_is_worth_nothing_at_another(places):
    acme, globex = places

    assert {acme.token, acme.key}.isdisjoint({globex.token, globex.key})
    for dev, query in ((False, f"token={globex.token}"), (True, f"authorization={globex.key}")):
        with acme.chat(dev=dev, query=query) as client:
            with globex.scope():
                assert globex.conversation(client.record_id)
            assert client.is_silent(seconds=0.2)


def test_a_record_that_is_not_the_clients_cannot_be_told_from_one_that_is_not_there(places):
    acme, globex = places
    before = state_of(acme), state_of(globex)
    mine, neighbours = acme.pages
    known = [neighbours.record_id, acme.servers.record_id]
    foreign = [globex.pages[0].record_id, globex.servers.record_id, str(uuid7()), *GARBAGE, ""]
    secrets = ["", "ss_wrong", globex.pages[0].secret]

    asked = [(False, record_id, mine.secret) for record_id in (*known, *foreign)]
    asked += [(False, mine.record_id, secret) for secret in (*secrets, neighbours.secret)]
    asked += [(True, record_id, mine.secret) for record_id in (mine.record_id, *foreign)]
    for dev, record_id, secret in asked:
        with acme.socket(dev=dev) as client:
            client.initialize(recordId=record_id, sessionSecret=secret)
            assert client.refused() == ("Conversation not found.", 4404), (dev, record_id)

    assert (state_of(acme), state_of(globex)) == before


def test_another_integration_of_the_same_tenant_does_not_open_a_record(places):
    acme, _ = places
    mine = acme.pages[0]
    other = copy.copy(acme)
    with acme.scope():
        other.token = issue_token(create_integration(name="Other"), name="Page").secret

    with other.socket() as client:
        client.initialize(recordId=mine.record_id, sessionSecret=mine.secret)
        assert client.refused() == ("Conversation not found.", 4404)


def test_another_tenants_agent_is_as_unknown_as_any(places):
    acme, globex = places
    for agent_id in (str(globex.assistant.id), str(uuid7()), *GARBAGE):
        with acme.socket(dev=True) as client:
            client.initialize(agentId=agent_id)
            assert client.refused() == ("There is no such agent.", 4404)


def test_a_client_answers_no_call_but_its_own(places):
    acme, globex = places
    before = state_of(acme), state_of(globex)
    mine, neighbours = acme.pages
    theirs = [neighbours.call_id, acme.servers.call_id, globex.pages[0].call_id]

    with acme.chat(recordId=mine.record_id, sessionSecret=mine.secret) as client:
        client.next()
        assert client.next()["content"]["id"] == mine.call_id
        for call_id in (*theirs, str(uuid7()), *GARBAGE, ""):
            client.send("websocketToolResponse", content={"id": call_id, "result": "mine"})
            assert client.error() == "Tool call not found."

    assert (state_of(acme), state_of(globex)) == before


def test_history_is_ones_own(places):
    for place in places:
        mine = place.pages[0]
        with place.chat(recordId=mine.record_id, sessionSecret=mine.secret) as client:
            assert client.next()["content"]["text"] == f"I am {place.canary}"
            assert client.next()["content"]["args"] == {"word": place.canary}
            assert client.is_silent(seconds=0.2)
