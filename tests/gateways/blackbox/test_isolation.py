"""What the matrix of ids cannot show on BlackBox's sockets."""

import copy

import pytest

from gateways.blackbox.integrations import create_integration, issue_token
from tenants.ids import uuid7
from tests.factories import make_tenant
from tests.gateways.blackbox.places import Place


@pytest.fixture(scope="module")
def places(live_server_url, database):
    return tuple(Place(make_tenant(name), live_server_url) for name in ("Acme", "Globex"))


def told(place):
    with place.chat() as client:
        client.say(f"I am {place.tenant.slug}")
        client.until("text")
    return client


def test_another_integration_of_the_same_tenant_does_not_open_a_record(places):
    acme, _ = places
    mine, other = told(acme), copy.copy(acme)
    with acme.scope():
        other.token = issue_token(create_integration(name="Other"), name="Page").secret

    with other.socket() as client:
        client.initialize(recordId=mine.record_id, sessionSecret=mine.secret)
        assert client.refused() == ("Conversation not found.", 4404)


def test_another_tenants_agent_is_as_unknown_as_any(places):
    acme, globex = places
    for agent_id in (str(globex.assistant.id), str(uuid7()), "' or 1=1 --", "9" * 400):
        with acme.socket(dev=True) as client:
            client.initialize(agentId=agent_id)
            assert client.refused() == ("There is no such agent.", 4404)


def test_history_is_ones_own(places):
    for place in places:
        mine = told(place)
        with place.chat(recordId=mine.record_id, sessionSecret=mine.secret) as client:
            assert client.next()["content"]["text"] == f"I am {place.tenant.slug}"
            # Whatever else there is would come before this.
            client.send("marker")
            assert client.error() == "Unknown type of message"
