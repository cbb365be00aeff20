"""Who is responsible for a conversation, when people decide it."""

from datetime import UTC, datetime

from conversations import lines, notices, owner, queueing, teams
from conversations.announcements import announce_conversation
from conversations.availability import available
from conversations.models import Conversation, Owner, Team
from tenants.errors import BadRequest
from tenants.models import Membership
from tenants.tracing import traced


@traced
def assign(
    conversation: Conversation, member: Membership | None, *, by: Membership | None = None
) -> None:
    """Make a member responsible, without changing who answers; ``by`` is who does it, if known.

    Whoever is there when they get a waiting conversation loses it to the queue by going; whoever is
    away was meant all the same, and keeps it.
    """
    conversation.assignee = member
    is_waiting = conversation.owner == Owner.WAITING
    is_there = member is not None and available().filter(member=member).exists()
    conversation.is_routed = is_waiting and is_there
    _save(conversation, "assignee", "is_routed", to_visitor=is_waiting)
    if member is not None and member != by:
        name = by.user.name if by else ""
        notices.tell(conversation, [member], notices.ASSIGNED, by=name)


@traced
def pass_on(conversation: Conversation, team: Team | None) -> None:
    """Lead a conversation into a team's queue, or everybody's; its age in line goes with it.

    What a member holds waits for another one from now on. Raises BadRequest for a team that was
    deleted meanwhile.
    """
    if team and not teams.stays(team.pk):
        raise BadRequest("There is no such team.", code="unknown_team")
    conversation.team, conversation.assignee, conversation.is_routed = team, None, False
    if conversation.owner == Owner.HUMAN:
        owner.move(conversation, Owner.WAITING, team=team)
        lines.tell(conversation, "reassigned")
    _save(conversation, "team", "assignee", "is_routed", to_visitor=True)


def _save(conversation: Conversation, *fields: str, to_visitor: bool = False) -> None:
    conversation.updated_at = datetime.now(UTC)
    conversation.save(update_fields=[*fields, "updated_at"])
    queueing.nudge_after_commit(conversation.tenant_id)
    announce_conversation(
        conversation, "conversation:assigned", "conversation:updated", to_visitor=to_visitor
    )
