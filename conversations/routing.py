"""Who gets which waiting conversation: the one that waits longest, as soon as somebody has room.

Routing has transactions of its own, one for each conversation, after whatever made it necessary.
They wait for each other by a lock of the tenant: members share their room among its queues. That
lock comes before the conversation's, and nobody who holds a conversation asks for it.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from conversations import queueing
from conversations.announcements import announce_conversation
from conversations.assigning import pass_on
from conversations.availability import available, is_effective, tell_changes, with_load
from conversations.engine import team_conversation
from conversations.models import Availability, Conversation, Owner, Team, TeamMember
from conversations.posting import post_line
from tenants.errors import NotFound
from tenants.postgresql import advisory
from tenants.scope import platform_scope, tenant_scope

AT_ONCE = 500
TENANTS_AT_ONCE = 5_000


def route(tenant_id: UUID) -> bool:
    """Assign whatever can be, and tell everybody what that changes for them.

    Whether a member has come or gone since the last time.
    """
    _adopt(tenant_id)
    for step in (_take_from_former, _take_back, _assign_next):
        for _ in range(AT_ONCE):
            if not step(tenant_id):
                break
    queueing.tell_positions(tenant_id)
    # Last, as it says that all of this was done for whoever came or went.
    return tell_changes(tenant_id)


def due() -> list[UUID]:
    """The tenants in whose queues something may have to be done, whatever nudges were lost."""
    with platform_scope("route conversations"):
        waiting = Conversation.objects.filter(owner=Owner.WAITING)
        there = Availability.objects.filter(is_effective()).values("tenant_id")
        waited_for = waiting.filter(assignee=None, tenant_id__in=there)
        strays = waiting.filter(waiting_since=None)
        changed = Availability.objects.filter(
            Q(is_effective(), is_online=False) | (Q(is_online=True) & ~is_effective())
        )
        all_rows = (waited_for, strays, changed, Conversation.objects.filter(_is_left_behind()))
        found = [rows.values_list("tenant_id", flat=True) for rows in all_rows]
        tenants = {each for rows in found for each in rows.distinct()[:TENANTS_AT_ONCE]}
    return list(tenants)


def note_absence(conversation: Conversation, line: str) -> None:
    """Tell a visitor once that nobody is there, if there is anything to say of it."""
    conversation.is_absence_told = True
    if line:
        post_line(conversation, line)
    else:
        conversation.save(update_fields=["is_absence_told"])


def _adopt(tenant_id: UUID) -> None:
    """Give what an earlier version let wait a time since when."""
    with tenant_scope(tenant_id):
        strays = Conversation.objects.filter(owner=Owner.WAITING, waiting_since=None)
        strays.update(waiting_since=F("updated_at"))


def _is_left_behind() -> Q:
    """Whom somebody has in hand who is no member any more."""
    return Q(owner__in=(Owner.WAITING, Owner.HUMAN), assignee__is_active=False)


def _take_from_former(tenant_id: UUID) -> bool:
    """Put one of these into its queue; False if there is none."""
    with tenant_scope(tenant_id):
        _lock(tenant_id)
        conversation = _locked(Conversation.objects.filter(_is_left_behind()).order_by("id"))
        if conversation is None:
            return False
        if conversation.assignee is not None and not conversation.assignee.is_active:
            pass_on(conversation, conversation.team)
        return True


def _take_back(tenant_id: UUID) -> bool:
    """Put one conversation back into its queue whose assignee is gone; False if there is none."""
    with tenant_scope(tenant_id):
        _lock(tenant_id)
        routed = Conversation.objects.filter(owner=Owner.WAITING, is_routed=True)
        left = routed.exclude(assignee__in=available().values("member_id"))
        conversation = _locked(left.order_by("waiting_since"))
        if conversation is None:
            return False
        if conversation.owner == Owner.WAITING and conversation.is_routed:
            conversation.assignee, conversation.is_routed = None, False
            _save(conversation)
        return True


def _assign_next(tenant_id: UUID) -> bool:
    """Assign the conversation that waits longest to who is next; False if nothing can be done."""
    with tenant_scope(tenant_id):
        _lock(tenant_id)
        there = with_load(available().select_related("member__user"))
        free = [row for row in there if row.load < row.capacity]
        places = _places(free)
        anywhere = Q(team=None) | Q(team__in=places)
        waiting = Conversation.objects.filter(anywhere, owner=Owner.WAITING, assignee=None)
        conversation = _locked(waiting.order_by("waiting_since", "id")) if free else None
        if conversation is None:
            return False
        if conversation.owner == Owner.WAITING and conversation.assignee_id is None:
            _assign(conversation, _next_of(conversation, free, places))
        # Somebody was quicker otherwise, which nobody will be for ever.
        return True


def _assign(conversation: Conversation, row: Any) -> None:
    if row is None:
        return
    Availability.objects.filter(pk=row.pk).update(assigned_at=Now())
    conversation.assignee, conversation.is_routed = row.member, True
    _save(conversation)


def _next_of(conversation: Conversation, free: list[Any], places: dict[UUID, Any]) -> Any:
    """Whose turn it is among those who have room."""
    team = places.get(conversation.team_id) if conversation.team_id else None
    members = [row for row in free if team is None or row.member_id in team["members"]]
    by_load = team is not None and team["strategy"] == Team.Strategy.LEAST_LOADED

    def turn(row: Any) -> tuple[int, float, str]:
        since = row.assigned_at.timestamp() if row.assigned_at else 0.0
        return (row.load if by_load else 0, since, str(row.member_id))

    if conversation.team_id and team is None:
        return None
    return min(members, key=turn, default=None)


def _places(free: list[Any]) -> dict[UUID, Any]:
    """The teams in which somebody has room, and who."""
    places: dict[UUID, Any] = {}
    rows = TeamMember.objects.filter(member__in=[row.member_id for row in free])
    for team_id, strategy, member_id in rows.values_list("team_id", "team__strategy", "member_id"):
        place = places.setdefault(team_id, {"strategy": strategy, "members": set()})
        place["members"].add(member_id)
    return places


def _locked(rows: Any) -> Conversation | None:
    """The first of these, as it is once nobody else is at it."""
    with suppress(NotFound):
        return team_conversation(rows.values_list("pk", flat=True).first())
    return None


def _save(conversation: Conversation) -> None:
    conversation.updated_at = datetime.now(UTC)
    conversation.save(update_fields=["assignee", "is_routed", "updated_at"])
    announce_conversation(
        conversation, "conversation:assigned", "conversation:updated", to_visitor=True
    )


def _lock(tenant_id: UUID) -> None:
    advisory.lock(f"r {tenant_id}")
