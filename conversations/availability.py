"""Who of the team is there, and what a visitor may expect of that.

A member is available who chose to be and is present: a dashboard's socket renews that, or a request
says so. It all goes by the database's clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now

from conversations import queueing
from conversations.announcements import timestamp
from conversations.hours import is_open, next_opening
from conversations.models import Availability, Conversation, Owner, Status
from realtime.ephemeral import whisper
from tenants.ids import uuid7
from tenants.models import Membership
from tenants.scope import tenant_scope

SOCKET_RENEWS_SECONDS = 30.0
PRESENT_BY_SOCKET = timedelta(seconds=90)
PRESENT_BY_REQUEST = timedelta(minutes=5)
DEFAULT_CAPACITY = 5
LARGEST_CAPACITY = 100
# Nothing is written where another tab has only just said so.
RENEW = """
INSERT INTO conversations_availability AS known
    (id, tenant_id, member_id, status, capacity, present_until, is_online)
VALUES (%(id)s, %(tenant)s, %(member)s, 'online', %(capacity)s, now() + %(span)s, false)
ON CONFLICT (member_id) DO UPDATE SET present_until = EXCLUDED.present_until
WHERE known.present_until < EXCLUDED.present_until - interval '20 seconds'
RETURNING status = 'online' AND NOT is_online
"""
SITUATION = """
SELECT statement_timestamp(), (
    SELECT reply_seconds FROM conversations_queue
    WHERE tenant_id = %(tenant)s AND team_id IS NOT DISTINCT FROM %(team)s
), EXISTS (
    SELECT FROM conversations_availability a
    JOIN tenants_membership m ON m.id = a.member_id AND m.is_active
    JOIN tenants_user u ON u.id = m.user_id AND u.is_active
    WHERE a.tenant_id = %(tenant)s AND a.status = 'online' AND a.present_until > now()
    AND (%(team)s::uuid IS NULL OR EXISTS (
        SELECT FROM conversations_teammember p
        WHERE p.team_id = %(team)s AND p.member_id = a.member_id
    ))
)
"""


@dataclass(frozen=True)
class Expectation:
    """What a visitor may expect who asks for a person now."""

    status: str
    opens_at: datetime | None
    usual_reply_seconds: int | None

    def data(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "opensAt": timestamp(self.opens_at) if self.opens_at else None,
            "usualReplySeconds": self.usual_reply_seconds,
        }


def of_queue(tenant_id: UUID, team_id: UUID | None, schedule: Mapping[str, Any]) -> Expectation:
    """``closed`` by the schedule, ``away`` if nobody of the team is there, else ``online``."""
    with connections[router.db_for_read(Availability)].cursor() as cursor:
        cursor.execute(SITUATION, {"tenant": tenant_id, "team": team_id})
        now, reply_seconds, is_anybody_there = cursor.fetchone()
    usual = queueing.usual_reply_seconds(reply_seconds)
    if not is_open(schedule, now):
        return Expectation("closed", next_opening(schedule, now), usual)
    return Expectation("online" if is_anybody_there else "away", None, usual)


def available() -> QuerySet[Availability]:
    """Of the members who may be given a conversation, if they have room for it."""
    return Availability.objects.filter(is_effective())


def is_effective() -> Q:
    return Q(
        status=Availability.Status.ONLINE,
        present_until__gt=Now(),
        member__is_active=True,
        member__user__is_active=True,
    )


def with_load(rows: QuerySet[Availability]) -> QuerySet[Any]:
    """With how many conversations each member has in hand; what is parked does not count."""
    in_hand = (
        Conversation.objects.filter(
            assignee=OuterRef("member_id"),
            owner__in=(Owner.WAITING, Owner.HUMAN),
            status=Status.OPEN,
        )
        .order_by()
        .values("assignee")
        .annotate(count=Count("*"))
        .values("count")
    )
    return rows.annotate(load=Coalesce(Subquery(in_hand, output_field=IntegerField()), 0))


def renew(tenant_id: UUID, member_id: UUID) -> None:
    """Note that a member's dashboard is open."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "tenant": tenant_id,
        "member": member_id,
        "capacity": DEFAULT_CAPACITY,
        "span": PRESENT_BY_SOCKET,
    }
    with tenant_scope(tenant_id):
        with connections[router.db_for_write(Availability)].cursor() as cursor:
            cursor.execute(RENEW, values)
            came = cursor.fetchone()
        if came and came[0]:
            queueing.nudge_after_commit(tenant_id)


def choose(member: Membership, *, status: str | None = None, capacity: int | None = None) -> None:
    """Note what a member chose, who is there to choose it."""
    defaults = {"tenant_id": member.tenant_id, "present_until": Now() + PRESENT_BY_REQUEST}
    row, is_new = Availability.objects.get_or_create(member_id=member.id, defaults=defaults)
    chosen = {"status": status, "capacity": capacity}
    changes: dict[str, Any] = {n: value for n, value in chosen.items() if value is not None}
    if not is_new:
        changes["present_until"] = Greatest(F("present_until"), Now() + PRESENT_BY_REQUEST)
    if changes:
        Availability.objects.filter(pk=row.pk).update(**changes)
    queueing.nudge_after_commit(member.tenant_id)


def of_members(member_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the team may know of each of these members."""
    ids = list(member_ids)
    there = set(available().filter(member__in=ids).values_list("member_id", flat=True))
    rows = {row.member_id: row for row in with_load(Availability.objects.filter(member__in=ids))}
    return {each: availability_data(each, rows.get(each), is_online=each in there) for each in ids}


def availability_data(member_id: UUID, row: Any, *, is_online: bool) -> dict[str, Any]:
    """Of a member who was never here, what would hold if they came."""
    return {
        "memberId": str(member_id),
        "status": row.status if row else str(Availability.Status.ONLINE),
        "online": is_online,
        "capacity": row.capacity if row else DEFAULT_CAPACITY,
        "assigned": row.load if row else 0,
    }


def tell_changes(tenant_id: UUID) -> bool:
    """Tell the team who has come and who is gone since it was told last; whether anybody has."""
    with tenant_scope(tenant_id):
        came = available().filter(is_online=False)
        gone = Availability.objects.filter(is_online=True).exclude(is_effective())
        # In one order, so that no two who do this wait for each other; the later finds it told.
        rows = sorted([*with_load(came), *with_load(gone)], key=lambda row: row.pk)
        changed = [row for row in rows if _turn(row)]
    for row in changed:
        data = availability_data(row.member_id, row, is_online=row.is_online)
        whisper(tenant_id, "member:availability", data, to_team=True)
    return bool(changed)


def _turn(row: Availability) -> bool:
    """Note that the team is told of a member's other state, unless that is done by now."""
    before = Availability.objects.filter(pk=row.pk, is_online=row.is_online)
    row.is_online = not row.is_online
    return bool(before.update(is_online=row.is_online))
