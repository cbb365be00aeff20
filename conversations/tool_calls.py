"""The calls of a turn as rows: found again by what they ask, waited for, and closed."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import Min, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from assistants.models import Tool
from assistants.toolbox import ToolRequest
from conversations import lines
from conversations.announcements import announce_tool_approval, announce_tool_request
from conversations.models import Conversation, ToolCall, Turn, TurnState
from tenants.scope import current_scope

CALLS_PER_TURN = 20
PAGE_SECONDS = 60
APPROVAL_SECONDS = 600
State, Place, Risk = ToolCall.State, Tool.Place, Tool.Risk
WAITING_STATES = (State.WAITING, State.ASKED)
WRITES = ~Q(risk=Risk.READ)
# Sent to a page that was not heard of again.
LOST_ON_A_PAGE = Q(place=Place.CLIENT, state=State.EXPIRED) & (
    Q(risk=Risk.WRITE) | Q(decided_by__isnull=False)
)


def fingerprint(request: ToolRequest) -> str:
    """What makes two calls the same: the tool's name, and arguments that mean the same."""
    asked = json.dumps([request.tool.name, request.args], sort_keys=True, separators=(",", ":"))
    return sha256(asked.encode()).hexdigest()


def standing(conversation: Conversation, turn_id: UUID, request: ToolRequest) -> ToolCall | None:
    """The call that stands for this one, so that it is not made again.

    It is this turn's, or one of an earlier turn whose questions this one answers too. What a tool
    told before the assistant started afresh is out of date; what it did stays done.
    """
    same = ToolCall.objects.filter(conversation=conversation, fingerprint=fingerprint(request))
    own: ToolCall | None = same.filter(turn_id=turn_id).first()
    if own is not None:
        return own
    earlier: ToolCall | None = (
        same.filter(turn__question_seq__gt=_last_answered(conversation))
        .filter(
            (WRITES & Q(state__in=(State.DONE, State.STARTED, State.UNKNOWN)))
            | LOST_ON_A_PAGE
            | Q(state=State.DONE, turn__question_seq__gt=conversation.segment_start)
        )
        .order_by("-created_at")
        .first()
    )
    return earlier


def usable(request: ToolRequest) -> Tool | None:
    """The tool's row, unless it was switched off or deleted."""
    found: Tool | None = Tool.objects.filter(pk=request.tool.id, is_enabled=True).first()
    return found


def has_room(turn_id: UUID) -> bool:
    return bool(ToolCall.objects.filter(turn_id=turn_id).count() < CALLS_PER_TURN)


def note(
    conversation: Conversation, turn_id: UUID, request: ToolRequest, state: str, *, seconds: float
) -> ToolCall:
    """Store a call that is waited for so long."""
    call: ToolCall = ToolCall.objects.create(
        tenant_id=current_scope().tenant_id,
        conversation=conversation,
        turn_id=turn_id,
        call_id=request.call_id[:200],
        fingerprint=fingerprint(request),
        tool_id=request.tool.id,
        name=request.tool.name,
        args=request.args,
        place=request.tool.place,
        risk=request.tool.risk,
        state=state,
        created_at=datetime.now(UTC),
        deadline=Now() + timedelta(seconds=seconds),
    )
    call.refresh_from_db(fields=["deadline"])
    return call


def start(call: ToolCall, *, seconds: float) -> None:
    """Note that a call is about to be made, and how long others wait for what becomes of it."""
    _wait(call, State.STARTED, seconds)


def was_sent(call: ToolCall) -> bool:
    """Whether a call that waited had gone to the visitor's page."""
    is_approved = call.risk != Risk.APPROVAL or call.decided_by is not None
    return bool(call.place == Place.CLIENT and is_approved)


def ask(
    conversation: Conversation, turn_id: UUID, requests: Iterable[ToolRequest]
) -> datetime | None:
    """Ask whoever must act for what nobody was asked for yet; when the first of it is due.

    None when nothing has to be waited for. The conversation must be locked.
    """
    asked = [
        _ask(conversation, turn_id, request)
        for request in requests
        if standing(conversation, turn_id, request) is None
        and has_room(turn_id)
        and usable(request)
    ]
    if any(call.state == State.ASKED for call in asked):
        lines.tell(conversation, "approval")
    return next_deadline(turn_id)


def ask_page(call: ToolCall, *, seconds: float) -> None:
    """Have the visitor's page make this call."""
    _wait(call, State.WAITING, min(seconds, PAGE_SECONDS))
    announce_tool_request(call)


def next_deadline(turn_id: UUID) -> datetime | None:
    """When the first of the calls is due that the turn still waits for."""
    waiting = ToolCall.objects.filter(turn_id=turn_id, state__in=WAITING_STATES)
    first: datetime | None = waiting.aggregate(first=Min("deadline"))["first"]
    return first


def finish(call: ToolCall, state: str, *, result: str = "") -> None:
    """End a call that waited."""
    call.state, call.result, call.finished_at = state, result, datetime.now(UTC)
    call.save(update_fields=["state", "result", "finished_at", "decided_by"])


def expire(calls: "QuerySet[ToolCall]") -> None:
    """Wait no longer for those of these calls that wait."""
    _end(calls.filter(state__in=WAITING_STATES))


def close(conversation: Conversation) -> None:
    """End what nobody will make any more, as the answer is not wanted."""
    calls = ToolCall.objects.filter(conversation=conversation)
    _end(calls.filter(state__in=(*WAITING_STATES, State.APPROVED)))


def _end(calls: "QuerySet[ToolCall]") -> None:
    for call in calls:
        concerns_team = call.state != State.WAITING
        finish(call, State.EXPIRED)
        if concerns_team:
            announce_tool_approval(call)


def _wait(call: ToolCall, state: str, seconds: float) -> None:
    """Wait so long from now, by the clock that also tells when a turn goes on."""
    call.state, call.deadline = state, Now() + timedelta(seconds=seconds)
    call.save(update_fields=["state", "deadline"])
    call.refresh_from_db(fields=["deadline"])


def _last_answered(conversation: Conversation) -> Coalesce:
    ended = (TurnState.ANSWERED, TurnState.HANDED_OVER)
    turns = Turn.objects.filter(conversation=conversation, state__in=ended)
    return Coalesce(Subquery(turns.order_by("-question_seq").values("question_seq")[:1]), 0)


def _ask(conversation: Conversation, turn_id: UUID, request: ToolRequest) -> ToolCall:
    if request.tool.risk == Risk.APPROVAL:
        call = note(conversation, turn_id, request, State.ASKED, seconds=APPROVAL_SECONDS)
        announce_tool_approval(call)
    else:
        seconds = min(request.tool.timeout_seconds, PAGE_SECONDS)
        call = note(conversation, turn_id, request, State.WAITING, seconds=seconds)
        announce_tool_request(call)
    return call
