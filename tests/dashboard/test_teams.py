"""Who answers: teams and availability over REST, and presence by the team's socket."""

import asyncio

import pytest

from conversations import routing
from conversations.models import Availability, Conversation, TeamMember
from tenants.executor import run_in_db_thread
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.dashboard.sockets import listening, new_member
from tests.dashboard.team import key_api, make_conversation, member_api, reload, team_events
from tests.factories import make_member
from widgets import tasks


def rows_of(tenant):
    with tenant_scope(tenant.id):
        return list(TeamMember.objects.values_list("team__name", "member_id"))


def test_admins_make_change_and_delete_teams_and_agents_read_them(acme, globex):
    ann, admin = member_api(acme, role="admin")
    bob, agent = member_api(acme)
    _, other = member_api(globex, role="owner")
    stranger = make_member(globex)
    sales = {"name": "Sales", "memberIds": [str(ann.id)]}

    made = admin.post("teams", sales).json()
    assert (made["name"], made["strategy"]) == ("Sales", "round_robin")
    assert made["members"] == [
        {"memberId": str(ann.id), "status": "online", "online": False, "capacity": 5, "assigned": 0}
    ]
    path = f"teams/{made['id']}"
    for api, method, where, body, status, code in (
        (agent, "post", "teams", sales, 403, "missing_role"),
        (agent, "patch", path, {"name": "Ours"}, 403, "missing_role"),
        (admin, "post", "teams", sales, 409, "name_taken"),
        (admin, "post", "teams", {"name": ""}, 400, "invalid"),
        (admin, "post", "teams", {"name": "B", "strategy": "fast"}, 400, "invalid"),
        (admin, "patch", path, {"memberIds": [str(stranger.id)]}, 400, "unknown_member"),
        (admin, "patch", path, {"memberIds": ["x"], "name": "X"}, 400, "unknown_member"),
        (other, "patch", path, {"name": "Mine"}, 404, "team_not_found"),
        (key_api(acme, "conversations:read"), "post", "teams", sales, 403, "missing_scope"),
    ):
        answer = getattr(api, method)(where, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (method, body)
    assert agent.delete(path).status_code == 403
    assert rows_of(acme) == [("Sales", ann.id)]

    change = {"strategy": "least_loaded", "memberIds": [str(bob.id), str(ann.id)]}
    assert admin.patch(path, change).status_code == 200
    assert admin.patch(path, {"memberIds": [str(bob.id)]}).json()["strategy"] == "least_loaded"
    assert rows_of(acme) == [("Sales", bob.id)]
    assert [team["id"] for team in agent.get("teams").json()["results"]] == [made["id"]]
    assert other.get("teams").json()["results"] == []

    conversation_id = make_conversation(acme)
    assert admin.post(f"conversations/{conversation_id}/assign", {"teamId": made["id"]}).json()[
        "teamId"
    ] == str(made["id"])
    assert other.delete(path).status_code == 404
    assert admin.delete(path).status_code == 204
    assert reload(acme, conversation_id).team_id is None
    with tenant_scope(acme.id):
        actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert [one for one in actions if one.startswith("team.")] == [
        "team.created", "team.changed", "team.changed", "team.deleted",
    ]  # fmt: skip


def test_a_member_chooses_and_is_given_what_waits(acme, globex):
    ann, api = member_api(acme)
    _, other = member_api(globex)
    assert api.get("availability").json()["online"] is False
    for body in ({"status": "offline"}, {"capacity": -1}, {"capacity": 101}, {"capacity": "x"}):
        assert api.put("availability", body).status_code == 400
    with tenant_scope(acme.id):
        assert not Availability.objects.exists()

    chosen = api.put("availability", {"capacity": 1}).json()
    assert (chosen["online"], chosen["capacity"], chosen["assigned"]) == (True, 1, 0)
    assert key_api(acme, "*").get("availability").json()["code"] == "member_required"
    first, second = (make_conversation(acme) for _ in range(2))
    for conversation_id in (first, second):
        with tenant_scope(acme.id):
            Conversation.objects.filter(pk=conversation_id).update(
                owner="waiting", channel="blits", updated_at="2026-01-01T00:00:00Z"
            )
    tasks.keep_queues()

    held = [reload(acme, each).assignee_id for each in (first, second)]
    assert sorted(held, key=str) == sorted([ann.id, None], key=str)
    assert api.get("availability").json()["assigned"] == 1
    (mine,) = api.get("conversations", assignee="me").json()["results"]
    assert mine["waitingSince"]
    assert api.post(f"conversations/{mine['id']}/messages", {"text": "Hello!"}).status_code == 201
    assert reload(acme, mine["id"]).owner == "human"
    # Passed on to everybody, who has nobody else.
    passed = api.post(f"conversations/{mine['id']}/assign", {"teamId": None}).json()
    assert (passed["owner"], passed["assigneeId"]) == ("waiting", None)
    assert api.post(f"conversations/{mine['id']}/assign", {}).status_code == 400
    assert api.put("availability", {"status": "away"}).json()["online"] is False
    tasks.keep_queues()
    assert [reload(acme, each).assignee_id for each in (first, second)] == [None, None]
    assert other.get("availability").json()["assigned"] == 0
    assert "conversation:assigned" not in [type for type, _ in team_events(globex)]


@pytest.mark.usefixtures("closed_hub")
async def test_an_open_socket_makes_a_member_available_and_the_team_hears_of_it(acme, globex):
    ann, token = await new_member(acme)
    _, foreign = await new_member(globex)
    async with listening(foreign) as (other, _), listening(token) as (socket, _):
        frame = None
        for _ in range(25):
            await run_in_db_thread(routing.route, acme.id)
            with_frame = asyncio.create_task(socket.frame(0.2))
            try:
                frame = await with_frame
                break
            except TimeoutError:
                # Redis did not know us yet: it is told again when it changes again.
                await run_in_db_thread(_forget_telling, acme)
        assert frame == {
            "type": "member:availability",
            "data": {
                "memberId": str(ann.id),
                "status": "online",
                "online": True,
                "capacity": 5,
                "assigned": 0,
            },
        }
        assert await other.is_silent()


def _forget_telling(tenant):
    with tenant_scope(tenant.id):
        Availability.objects.update(is_online=False)
