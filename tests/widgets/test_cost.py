"""What a message costs at this edge. A change of these numbers is a decision, not an accident."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.errors import TooManyRequests
from tests.widgets.shops import make_shop
from widgets.callers import Caller
from widgets.chat import ask


@pytest.fixture
def shop(acme, globex):
    make_shop(globex, "")
    return make_shop(acme, "")


@pytest.fixture
def caller(shop):
    return Caller(widget_id=str(shop.tenant.id), token=shop.token)


def cost(caller, **body):
    """How many statements one message takes, without those that open and end transactions."""
    body = {"sessionId": "s", "message": "Hello?", **body}
    with CaptureQueriesContext(connection) as captured:
        ask(caller, lambda: body, attend=lambda tenant_id: None)
    framing = ("BEGIN", "COMMIT", "SELECT set_config")
    return len([query for query in captured if not query["sql"].startswith(framing)])


def test_a_message_costs_two_statements_more_than_the_engine_needs(caller):
    assert cost(caller, messageId="1") == 15
    # One of them for the tools of the answer that it supersedes.
    assert cost(caller, messageId="2") == 12
    assert cost(caller, messageId="2") == 4


def test_who_is_refused_costs_nothing_for_a_second(caller):
    for _ in range(20):
        cost(caller)
    with pytest.raises(TooManyRequests) as first:
        cost(caller)

    with CaptureQueriesContext(connection) as captured, pytest.raises(TooManyRequests) as second:
        cost(caller)

    assert len(captured) == 0
    assert second.value.retry_after == first.value.retry_after
    assert cost(caller, sessionId="another")
    assert cost(Caller(**{**vars(caller), "user_agent": "another"}))
    assert cost(caller, messageId="of its own", sessionId="another")
