"""What the team sees of tools, and decides about them."""

import asyncio
import json
from uuid import UUID

import pytest

from realtime.feeds import hub
from realtime.log import Channel
from tenants.executor import run_in_db_thread
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.assistants.tool_server import Answer, open_tool_server
from tests.conversations.calling import (  # noqa: F401 -- a fixture
    call_states,
    calls,
    claim,
    finish,
    let_time_pass,
    make_tool,
    no_turn_is_left,
    scripted,
    work,
)
from tests.conversations.turning import answered
from tests.dashboard.sockets import listening, new_member
from tests.dashboard.team import make_conversation, member_api, team_events

ORDER = {"order": 4012}


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


@pytest.fixture
def desk(acme, server):
    """A tenant with a conversation whose assistant looks up and then wants to refund."""
    lookup = make_tool(acme, "lookup", url=server.url)
    refund = make_tool(acme, "refund", risk="approval", url=server.url)
    scripted(acme, [["lookup", ORDER], ["refund", ORDER]], lookup, refund)
    return acme


@pytest.fixture
def conversation_id(desk):
    conversation_id = make_conversation(desk, "Money back!")
    work(desk)
    return conversation_id


def path(conversation_id, call, verb):
    return f"conversations/{conversation_id}/tool-calls/{call.id}/{verb}"


def test_the_team_sees_every_call_with_what_came_of_it(desk, conversation_id, globex):
    _, api = member_api(desk)
    _, stranger = member_api(globex)

    page = api.get(f"conversations/{conversation_id}/tool-calls").json()

    refund, lookup = page["results"]
    stored = calls(desk)
    assert [refund["id"], lookup["id"]] == [str(stored[1].id), str(stored[0].id)]
    assert {**lookup, "createdAt": "", "deadline": "", "finishedAt": ""} == {
        "id": str(stored[0].id),
        "conversationId": conversation_id,
        "name": "lookup",
        "args": ORDER,
        "place": "server",
        "risk": "read",
        "status": "done",
        "result": "Done.",
        "decidedBy": None,
        "deadline": "",
        "createdAt": "",
        "finishedAt": "",
    }
    assert (refund["status"], refund["finishedAt"]) == ("asked", None)
    assert (page["nextCursor"], page["hasMore"]) == (None, False)
    assert stranger.get(f"conversations/{conversation_id}/tool-calls").status_code == 404


def test_the_list_comes_in_pages(desk, conversation_id):
    _, api = member_api(desk)
    where = f"conversations/{conversation_id}/tool-calls"

    first = api.get(where, limit=1).json()
    second = api.get(where, limit=1, cursor=first["nextCursor"]).json()

    assert [call["name"] for call in first["results"] + second["results"]] == ["refund", "lookup"]
    assert (first["hasMore"], second["hasMore"]) == (True, False)
    assert api.get(where, cursor="nonsense!").status_code == 400


def test_a_member_approves_and_it_is_done(desk, conversation_id, server):
    member, api = member_api(desk)
    server.will(Answer("Refunded."))
    call = calls(desk)[1]

    answer = api.post(path(conversation_id, call, "approve"))
    work(desk)

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["decidedBy"]) == ("approved", str(member.id))
    assert answered(desk) == ["Done. | Refunded."]
    assert call_states(desk) == ["done", "done"]


@pytest.mark.parametrize(("first", "second"), [("approve", "reject"), ("reject", "approve")])
def test_what_is_decided_stays_so(desk, conversation_id, first, second):
    _, api = member_api(desk)
    _, colleague = member_api(desk)
    call = calls(desk)[1]

    api.post(path(conversation_id, call, first))
    before = team_events(desk), call_states(desk)
    again = colleague.post(path(conversation_id, call, second))

    assert (again.status_code, again.json()["code"]) == (409, "tool_call_finished")
    assert (team_events(desk), call_states(desk)) == before
    with tenant_scope(desk.id):
        assert AuditEntry.objects.filter(action__startswith="tool_call.").count() == 1


def test_nothing_is_approved_after_its_time(desk, conversation_id, server):
    _, api = member_api(desk)
    let_time_pass(desk)
    work(desk)

    late = api.post(path(conversation_id, calls(desk)[1], "approve"))

    assert (late.status_code, late.json()["code"]) == (409, "tool_call_finished")
    assert len(server.received) == 1


def test_what_needs_no_approval_cannot_be_decided(desk, conversation_id):
    _, api = member_api(desk)

    answer = api.post(path(conversation_id, calls(desk)[0], "approve"))

    assert (answer.status_code, answer.json()["code"]) == (404, "tool_call_not_found")


def test_the_teams_feed_tells_what_is_to_be_decided_and_what_was(desk, conversation_id):
    _, api = member_api(desk)
    call = calls(desk)[1]

    api.post(path(conversation_id, call, "reject"))

    asked, rejected = [data for type, data in team_events(desk) if type == "tool:approval"]
    assert asked == {
        "id": str(call.id),
        "conversationId": conversation_id,
        "name": "refund",
        "args": ORDER,
        "deadline": call.deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "status": "asked",
    }
    assert rejected == {**asked, "status": "rejected"}


async def test_team_and_visitor_see_servers_being_called_and_nobody_is_told_what(
    desk, globex, server, closed_hub
):
    server.will(Answer("Secret.", 404))
    _, token = await new_member(desk)
    _, other_token = await new_member(globex)
    conversation_id = await run_in_db_thread(make_conversation, desk)
    held = await run_in_db_thread(claim, desk)
    visitor, heard = Channel(desk.id, UUID(conversation_id)), []
    async with listening(token) as (socket, _), listening(other_token) as (other, _):
        await hub().subscribe(visitor, lambda text: heard.append(json.loads(text)), no_replay)
        await joined(desk, globex)
        await asyncio.to_thread(finish, held)
        frames = [await socket.frame() for _ in range(2)]
        assert await other.is_silent()

    data = {"conversationId": conversation_id, "name": "lookup"}
    call = (await run_in_db_thread(calls, desk))[0]
    assert frames == [
        {"type": "tool:call", "data": {"id": str(call.id), **data, "status": status}}
        for status in ("started", "failed")
    ]
    assert [frame for frame in heard if frame["type"] == "tool:call"] == frames


async def no_replay(frame):
    raise AssertionError(frame)


async def joined(*tenants):
    """Wait until this process hears the tenants' hints."""
    async with asyncio.timeout(5):
        while not {tenant.id for tenant in tenants} <= hub()._joined:  # noqa: ASYNC110 -- a poll
            await asyncio.sleep(0.01)
