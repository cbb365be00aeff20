import pytest

from assistants import usage
from assistants.spending import this_month
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.assistants.budgets import PRICED, limit
from tests.dashboard.team import key_api, make_conversation, member_api

NOTHING = {"turns": 0, "tokens": 0, "unpricedTokens": 0, "cost": "0.00000000"}
SPENT = {"turns": 1, "tokens": 25, "unpricedTokens": 0, "cost": "0.00300000"}
NO_LIMITS = {"turnsPerMonth": None, "tokensPerMonth": None, "visitorTurnsPerDay": None}


def answer(tenant, conversation_id):
    """Pay for an answer in a conversation."""
    key = uuid7()
    with tenant_scope(tenant.id):
        usage.reserve(key, subject=None, conversation_id=conversation_id)
        usage.settle(key, PRICED)


@pytest.fixture
def agent(acme):
    return member_api(acme)[1]


def test_the_month_shows_what_was_spent_beside_the_limits(acme, globex, agent):
    limit(acme, turns_per_month=100, tokens_per_month=5_000_000_000)
    answer(acme, make_conversation(acme))
    _, other = member_api(globex)

    assert agent.get("usage").json() == {
        "month": this_month(),
        **SPENT,
        "limits": {**NO_LIMITS, "turnsPerMonth": 100, "tokensPerMonth": 5_000_000_000},
    }
    assert other.get("usage").json() == {"month": this_month(), **NOTHING, "limits": NO_LIMITS}


def test_a_key_may_read_the_usage(acme):
    assert key_api(acme, "conversations:read").get("usage").json()["turns"] == 0


def test_a_conversation_shows_what_it_cost(acme, globex, agent):
    conversation_id, other = make_conversation(acme), make_conversation(acme)
    answer(acme, conversation_id)
    answer(globex, uuid7())

    assert agent.get(f"conversations/{conversation_id}").json()["usage"] == SPENT
    assert agent.get(f"conversations/{other}").json()["usage"] == NOTHING
