"""Assistants that call tools, for tests: what they may call, what they do, and what came of it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from assistants.answering import ENGINES
from assistants.models import Tool
from assistants.toolbox import ToolRequest
from assistants.tools import http
from assistants.versions import create_version, publish
from conversations import turn_runner, turns
from conversations.models import ToolCall, Turn, TurnState
from conversations.models.turn import OPEN_STATES
from conversations.toolbox import ClaimToolbox
from tenants.scope import tenant_scope
from tests.factories import make_assistant

ENGINES["script"] = "tests.conversations.script"
ANY = {"type": "object"}


@pytest.fixture(autouse=True)
def no_turn_is_left(acme, globex):
    """Workers of other tests would find it, and wait for what nobody will answer."""
    yield
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            Turn.objects.filter(state__in=OPEN_STATES).update(state=TurnState.CANCELLED)


def make_tool(tenant, name="lookup", **fields):
    with tenant_scope(tenant.id):
        known = {"url": "http://127.0.0.1:9/", "parameters": ANY, "retries": 0}
        return Tool.objects.create(tenant=tenant, name=name, **{**known, **fields})


def scripted(tenant, steps, *tools):
    """The tenant's assistant, which takes these steps for every question."""
    return rescript(make_assistant(tenant), steps, *tools)


def rescript(assistant, steps, *tools):
    """Have an assistant take other steps from now on."""
    with tenant_scope(assistant.tenant_id):
        steps = json.dumps(steps)
        publish(create_version(assistant, engine="script", instructions=steps, tools=tools))
    return assistant


def waiting_call(conversation, word, *, risk="read"):
    """The id of a call that a turn waited for and that nobody closed."""
    now = datetime.now(UTC)
    with tenant_scope(conversation.tenant_id):
        turn = Turn.objects.create(
            tenant_id=conversation.tenant_id,
            conversation=conversation,
            version_id=conversation.assistant.production_id,
            question_seq=1,
            epoch=0,
            state=TurnState.CANCELLED,
            created_at=now,
        )
        call = ToolCall.objects.create(
            tenant_id=conversation.tenant_id,
            conversation=conversation,
            turn=turn,
            tool_id=turn.id,
            name="show",
            args={"word": word},
            place="server" if risk == "approval" else "client",
            risk=risk,
            state="asked" if risk == "approval" else "waiting",
            created_at=now,
            deadline=now + timedelta(minutes=10),
        )
    return str(call.id)


def latest_turn(tenant):
    with tenant_scope(tenant.id):
        return Turn.objects.latest("created_at")


def claim(tenant):
    return turns.claim(tenant.id, latest_turn(tenant).id)


def work(tenant):
    """Have the newest turn worked on, as a worker would; whether there was anything to do."""
    held = claim(tenant)
    if held is not None:
        finish(held)
    return held is not None


def finish(held):
    in_a_loop(turn_runner.answer(held))


def run(held, name, args=None):
    """One call under a claim, outside of any engine."""
    return in_a_loop(ClaimToolbox(held).run(request_of(held, name, args))).text


def in_a_loop(work):
    """Do asynchronous work in a loop of its own, and close its connections."""

    async def once():
        try:
            return await work
        finally:
            await http.close()

    return asyncio.run(once())


def request_of(held, name, args=None):
    (tool,) = [tool for tool in held.question.version.tools if tool.name == name]
    return ToolRequest("call_1", tool, args or {})


def calls(tenant):
    with tenant_scope(tenant.id):
        return list(ToolCall.objects.order_by("created_at", "id"))


def call_states(tenant):
    return [call.state for call in calls(tenant)]


def let_time_pass(tenant):
    """Every lease, deadline and pause of the tenant has come to its end."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with tenant_scope(tenant.id):
        ToolCall.objects.exclude(deadline=None).update(deadline=past)
        Turn.objects.exclude(lease_until=None).update(lease_until=past)
        Turn.objects.exclude(wake_at=None).update(wake_at=past)
