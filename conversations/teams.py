"""Making teams, and who is in them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections, router, transaction

from conversations import queueing
from conversations.models import Conversation, Team, TeamMember
from tenants import audit
from tenants.errors import BadRequest, Conflict, NotFound
from tenants.ids import parse_uuid, uuid7
from tenants.models import Membership
from tenants.scope import current_scope

TEAMS_LIMIT = 100
MEMBERS_LIMIT = 200
DELETE_ATTEMPTS = 20
# Whoever else gives it something meanwhile does not wait for us, but its deletion does.
STAYS = "SELECT 1 FROM conversations_team WHERE tenant_id = %s AND id = %s FOR KEY SHARE"


def team_by_id(team_id: object) -> Team:
    """The tenant's team with this id. Raises NotFound for any other."""
    known = parse_uuid(team_id)
    found: Team | None = Team.objects.filter(pk=known).first() if known else None
    if found is None:
        raise _no_team()
    return found


def stays(team_id: UUID) -> bool:
    """Whether there is this team; if so, nobody deletes it before the transaction has ended."""
    with connections[router.db_for_write(Team)].cursor() as cursor:
        cursor.execute(STAYS, [current_scope().tenant_id, team_id])
        return cursor.fetchone() is not None


def create_team(
    *, name: str, strategy: str, members: Collection[Membership] = (), actor: str
) -> Team:
    """Make a team. Raises Conflict for a name that another one has, BadRequest for too many."""
    tenant_id = current_scope().tenant_id
    if Team.objects.count() >= TEAMS_LIMIT:
        raise BadRequest(f"There are at most {TEAMS_LIMIT} teams.", code="too_many_teams")
    team = Team(id=uuid7(), tenant_id=tenant_id, name=name, strategy=strategy)
    _save(team, force_insert=True)
    _fill(team, members)
    audit.record("team.created", actor=actor, target=team)
    return team


def change_team(
    team: Team, *, actor: str, members: Collection[Membership] | None = None, **fields: Any
) -> None:
    """Change what is named. Raises Conflict for a name that another one has."""
    for name, value in fields.items():
        setattr(team, name, value)
    _save(team)
    if members is not None:
        TeamMember.objects.filter(team=team).exclude(member__in=members).delete()
        _fill(team, members)
    queueing.nudge_after_commit(team.tenant_id)
    audit.record("team.changed", actor=actor, target=team)


def delete_team(team: Team, *, actor: str) -> None:
    """Delete a team; whoever waits for it waits for everybody from then on.

    Raises NotFound where somebody else has, and Conflict where ever more comes into it meanwhile.
    """
    audit.record("team.deleted", actor=actor, target=team)
    queueing.nudge_after_commit(team.tenant_id)
    for _ in range(DELETE_ATTEMPTS):
        Conversation.objects.filter(team=team).update(team=None)
        if _delete_empty(team):
            return
    raise Conflict("Conversations keep coming into this team.", code="team_busy")


def members_of(teams: Collection[Team]) -> dict[UUID, list[UUID]]:
    """The ids of each team's active members, who joined it first coming first."""
    rows = TeamMember.objects.filter(
        team__in=teams, member__is_active=True, member__user__is_active=True
    )
    found: dict[UUID, list[UUID]] = {team.id: [] for team in teams}
    for team_id, member_id in rows.order_by("id").values_list("team_id", "member_id"):
        found[team_id].append(member_id)
    return found


def _no_team() -> NotFound:
    return NotFound("Team not found.", code="team_not_found")


def _save(team: Team, **options: Any) -> None:
    try:
        with transaction.atomic(using=router.db_for_write(Team)):
            team.save(**options)
    except IntegrityError:
        raise Conflict("There is a team of this name.", code="name_taken") from None


def _delete_empty(team: Team) -> bool:
    """False if a conversation has come in, which is then to be had before the team."""
    using = router.db_for_write(Team)
    save_point = transaction.savepoint(using=using)
    if not Team.objects.select_for_update().filter(pk=team.pk):
        raise _no_team()
    # Whoever replies holds a conversation, and asks for its queue and its team then: who holds the
    # team must never wait for a conversation, and gives it back instead.
    if Conversation.objects.filter(team=team).exists():
        transaction.savepoint_rollback(save_point, using=using)
        return False
    team.delete()
    return True


def _fill(team: Team, members: Collection[Membership]) -> None:
    places = [TeamMember(tenant_id=team.tenant_id, team=team, member=member) for member in members]
    TeamMember.objects.bulk_create(places, ignore_conflicts=True)
