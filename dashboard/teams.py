"""The teams that conversations wait for, and who is in them."""

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import availability, teams
from conversations.announcements import timestamp
from conversations.models import Team
from conversations.pages import by_id
from dashboard import shapes
from dashboard.callers import ManagedView, members_by_id
from tenants import paging
from tenants.callers import at_work, audited_name
from tenants.errors import BadRequest, NotFound
from widgets.inputs import Text, checked


class Changes(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    strategy = serializers.ChoiceField(
        Team.Strategy.choices,
        required=False,
        help_text="Whose turn it is: who got none for longest, or who has fewest.",
    )
    memberIds = serializers.ListField(
        child=Text(), max_length=teams.MEMBERS_LIMIT, required=False, help_text="All of them."
    )


class TeamsView(ManagedView):
    class Input(Changes):
        pass

    @extend_schema(
        operation_id="listTeams",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Team),
    )
    def get(self, request: Request) -> Response:
        """The teams with who is there, the oldest first."""
        given = checked(paging.PageQuery, request.query_params.dict())
        with at_work(request):
            page = by_id(
                Team.objects.all(),
                cursor=given.get("cursor"),
                size=given["limit"],
                render=lambda team: team,
            )
            body = page.data()
            return Response({**body, "results": _data(body["results"])})

    @extend_schema(operation_id="createTeam", request=Input, responses={201: shapes.Team})
    def post(self, request: Request) -> Response:
        """Make a team; 409 when another one has the name."""
        with at_work(request):
            fields = {"strategy": Team.Strategy.ROUND_ROBIN, **_fields(request, self.Input)}
            made = teams.create_team(actor=audited_name(request), **fields)
            return Response(_data([made])[0], status=201)


class TeamDetailView(ManagedView):
    class Input(Changes):
        name = serializers.CharField(max_length=100, required=False)

    @extend_schema(operation_id="getTeam", responses=shapes.Team)
    def get(self, request: Request, team_id: str) -> Response:
        with at_work(request):
            return Response(_data([teams.team_by_id(team_id)])[0])

    @extend_schema(operation_id="changeTeam", request=Input, responses=shapes.Team)
    def patch(self, request: Request, team_id: str) -> Response:
        """Change what the body names; conversations that are assigned stay so."""
        with at_work(request):
            team = teams.team_by_id(team_id)
            fields = _fields(request, self.Input)
            teams.change_team(team, actor=audited_name(request), **fields)
            return Response(_data([team])[0])

    @extend_schema(operation_id="deleteTeam", responses={204: None})
    def delete(self, request: Request, team_id: str) -> Response:
        """Delete it; whoever waits for it waits for everybody from then on."""
        with at_work(request):
            teams.delete_team(teams.team_by_id(team_id), actor=audited_name(request))
            return Response(status=204)


def named_team(team_id: object) -> Team:
    """A team that a body names. Raises BadRequest for any that is not the caller's."""
    try:
        return teams.team_by_id(team_id)
    except NotFound:
        raise BadRequest("There is no such team.", code="unknown_team") from None


def _fields(request: Request, kind: type[serializers.Serializer]) -> dict[str, Any]:
    given = checked(kind, request.data)
    if "memberIds" in given:
        given["members"] = members_by_id(request, given.pop("memberIds"))
    return given


def _data(found: Collection[Team]) -> list[dict[str, Any]]:
    """In as many statements for many teams as for one."""
    members = teams.members_of(found)
    known = availability.of_members({each for ids in members.values() for each in ids})
    return [
        {
            "id": str(team.id),
            "name": team.name,
            "strategy": team.strategy,
            "members": [known[each] for each in members[team.id]],
            "createdAt": timestamp(team.created_at),
        }
        for team in found
    ]
