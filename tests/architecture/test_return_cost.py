"""What it costs that a socket comes back. A change of these numbers is a decision."""

from dataclasses import replace

import pytest
from channels.testing import WebsocketCommunicator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import engine
from conversations.sessions import continue_session, secret_of
from dashboard.socket import TenantSocket
from realtime import feeds, guard
from realtime.feeds import hub
from tenants import executor, sessions
from tenants.scope import tenant_scope
from tests.factories import PASSWORD, make_member, make_visitor
from tests.widgets.shops import make_shop
from widgets.socket import VisitorSocket


@pytest.fixture
def statements(monkeypatch):
    """Those of the database threads, without those that open and end transactions."""
    seen, run = [], executor._run
    # What looks by the clock looks at no time of these tests.
    monkeypatch.setattr(guard, "LOOK_SECONDS", 3600)
    monkeypatch.setattr(feeds, "POLL_SECONDS", 3600)

    def watched(*job):
        with CaptureQueriesContext(connection) as captured:
            result = run(*job)
        framing = ("BEGIN", "COMMIT", "SELECT set_config")
        seen.extend(q["sql"] for q in captured if not q["sql"].startswith(framing))
        return result

    monkeypatch.setattr(executor, "_run", watched)
    return seen


@pytest.fixture
def shop(acme, globex):
    """Acme's, in which a visitor has written four times."""
    make_shop(globex, "")
    shop = make_shop(acme, "")
    visitor = make_visitor(source_id=shop.bubble.id)
    for number in range(4):
        with tenant_scope(acme.id):
            session = continue_session(visitor)
            received = engine.receive_message(
                session, text=f"Line {number}", assistant=shop.assistant
            )
    with tenant_scope(acme.id):
        continue_session(replace(visitor, secret=secret_of(session)))
    shop.auth = {
        "token": shop.token,
        "sessionId": visitor.label,
        "sessionSecret": secret_of(session),
        "conversationId": str(received.conversation_id),
    }
    email = make_member(acme).user.email
    shop.access = sessions.log_in(email=email, password=PASSWORD).access
    return shop


async def come_back(consumer, **auth):
    """The types of all frames that a client hears which has missed the last three events."""
    client = WebsocketCommunicator(consumer.as_asgi(), "/")
    client.scope["client"] = ("192.0.2.1", 50000)
    await client.connect()
    await client.send_json_to({"type": "auth", "lastEventId": 1, **auth})
    await client.send_json_to({"type": "ping"})
    types = []
    while (frame := await client.receive_json_from(10))["type"] != "pong":
        types.append(frame["type"])
    await client.disconnect()
    return types


async def test_a_members_return_costs_three_statements_and_two_where_another_missed_the_same(
    shop, statements
):
    first = await come_back(TenantSocket, token=shop.access)
    # Who they are, that they are there, and once for all of them where the tenant's log stands.
    assert len(statements) == 4
    statements.clear()
    second = await come_back(TenantSocket, token=shop.access)

    assert len(statements) == 2
    assert first == second
    assert first[0] == "auth:ok"
    assert first.count("message:new") >= 3
    await hub().close()


async def test_a_visitors_return_costs_six_statements(shop, statements):
    heard = await come_back(VisitorSocket, **shop.auth)

    assert heard.count("message:new") == 3
    # The token, its bubble, the session, the conversation, where its log stands, and what it says.
    assert len(statements) == 6
    await hub().close()
