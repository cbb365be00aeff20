"""The calls of one claim: each is a stored row before it is made, so that none is made twice."""

import asyncio
import logging
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Now

from assistants.models import Tool
from assistants.toolbox import ToolRequest, ToolResult, ToolSnapshot, UnknownOutcome
from assistants.tools import http
from assistants.tools.http import CallFailed
from assistants.tools.results import arguments, shortened
from conversations import tool_calls
from conversations.models import ToolCall
from conversations.tool_calls import Place, Risk, State
from conversations.turns import Claim, LostLease, awaiting, renew
from realtime.ephemeral import whisper
from tenants import metrics, tracing
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope
from tenants.sealing import Unreadable

logger = logging.getLogger(__name__)

# A call that takes its whole time still has to be stored.
GRACE_SECONDS = 5.0
LOOK_SECONDS = 0.25
REASON_CHARACTERS = 250
OFF = "This tool is switched off."
TOO_MANY = "No more tools may be called for this answer."
NOT_ASKED = "This call was not made, as nobody was asked for it."
PAGE_SILENT = "The visitor's page did not answer in time."
NOT_APPROVED = "Nobody of the team approved this in time. It was not done."
BROKE = "The call broke off on our side."
STOPPED = "The worker was stopped meanwhile."
REJECTED = "A member of the team rejected this. It was not done."

_in_flight: set[asyncio.Task[ToolResult]] = set()


@dataclass(frozen=True)
class Begun:
    """What is to be done for a request: nothing, look at ``call``, or make it with ``headers``."""

    refusal: str = ""
    call: ToolCall | None = None
    headers: str | None = None


class ClaimToolbox:
    """A Toolbox for the answer that a worker makes under one claim."""

    def __init__(self, held: Claim) -> None:
        self._held = held

    async def run(self, request: ToolRequest) -> ToolResult:
        """As in Toolbox; raises LostLease when the answer is not wanted any more."""
        begun = await run_in_db_thread(_begin, self._held, request)
        if begun.call is None:
            return ToolResult(begun.refusal)
        if begun.headers is not None:
            return await self._make(request, begun.call, begun.headers)
        call = begun.call
        while call.state == State.STARTED:
            await asyncio.sleep(LOOK_SECONDS)
            call = await run_in_db_thread(_look_again, self._held, call)
        return _told(call, request.tool, self._held)

    async def _make(self, request: ToolRequest, call: ToolCall, headers: str) -> ToolResult:
        task = asyncio.create_task(_call(self._held, request, call, headers))
        _in_flight.add(task)
        task.add_done_callback(_landed)
        # What has begun is brought to its end, whether or not its answer is still wanted.
        return await asyncio.shield(task)


def in_flight() -> set[asyncio.Task[ToolResult]]:
    """The calls that are being made in this process, also for answers that were given up."""
    return set(_in_flight)


def doubts(held: Claim) -> str:
    """What the team must know of calls of this turn that may have done something; often nothing."""
    with tenant_scope(held.tenant_id):
        begun = ToolCall.objects.filter(turn_id=held.turn_id).filter(tool_calls.WRITES)
        unsure = begun.filter(state__in=(State.STARTED, State.UNKNOWN))
        return " ".join(_summary(call) for call in unsure.order_by("created_at"))


def _begin(held: Claim, request: ToolRequest) -> Begun:
    """Find the call that stands for this one, or store it, in one transaction with the lease."""
    with tenant_scope(held.tenant_id):
        conversation = awaiting(held)
        if not renew(held):
            raise LostLease
        call = tool_calls.standing(conversation, held.turn_id, request)
        if call is not None and not _is_to_be_made(call, held):
            return Begun(call=call)
        tool = tool_calls.usable(request) if request.tool in held.question.version.tools else None
        headers = None if tool is None else _headers(tool)
        if headers is None:
            if call is not None:
                tool_calls.finish(call, State.FAILED, result=OFF)
            return Begun(OFF)
        if call is None and request.tool.pauses:
            return Begun(NOT_ASKED)
        if call is None and not tool_calls.has_room(held.turn_id):
            return Begun(TOO_MANY)
        seconds = request.tool.timeout_seconds + GRACE_SECONDS
        if call is None:
            state = State.STARTED
            call = tool_calls.note(conversation, held.turn_id, request, state, seconds=seconds)
        else:
            tool_calls.start(call, seconds=seconds)
        return Begun(call=call, headers=headers)


def _is_to_be_made(call: ToolCall, held: Claim) -> bool:
    """Whether a stored call is one to make: it was approved, or reads and was not finished."""
    if call.turn_id != held.turn_id or call.place != Place.SERVER:
        return False
    is_left_over = call.state == State.STARTED and call.risk == Risk.READ
    return call.state == State.APPROVED or is_left_over


def _headers(tool: Tool) -> str | None:
    try:
        return tool.headers
    except Unreadable:
        logger.error("The headers of tool %s cannot be read with this SECRET_KEY", tool.pk)
        return None


async def _call(held: Claim, request: ToolRequest, call: ToolCall, headers: str) -> ToolResult:
    _tell(held, call, "started")
    try:
        with tracing.span("tool"):
            call.state, call.result = await _outcome(held, request, call, headers)
        metrics.TOOL_CALLS.labels(call.state).inc()
    except asyncio.CancelledError:
        # The process ends. Whoever goes on need not wait for it.
        if call.risk != Risk.READ:
            call.state, call.result = State.UNKNOWN, STOPPED
            await run_in_db_thread(_keep, held, call)
        raise
    await run_in_db_thread(_keep, held, call)
    _tell(held, call, "done" if call.state == State.DONE else "failed")
    return _told(call, request.tool, held)


async def _outcome(
    held: Claim, request: ToolRequest, call: ToolCall, headers: str
) -> tuple[str, str]:
    key, conversation_id = str(call.id), held.conversation_id
    try:
        result = await http.call(
            request.tool, request.args, key=key, conversation_id=conversation_id, headers=headers
        )
    except CallFailed as failure:
        return State.FAILED, str(failure)
    except UnknownOutcome as unknown:
        return State.UNKNOWN, str(unknown)
    except Exception:
        # Whatever a library may raise, it is not known how far the call had come.
        logger.exception("A call of a tool failed")
        return State.FAILED if call.risk == Risk.READ else State.UNKNOWN, BROKE
    return State.DONE, result


def _keep(held: Claim, call: ToolCall) -> None:
    """Store what became of a call, whoever waits for it; of one that was erased, nothing."""
    with tenant_scope(held.tenant_id):
        same = ToolCall.objects.filter(pk=call.pk, fingerprint=call.fingerprint)
        unfinished = same.filter(state__in=(State.STARTED, State.UNKNOWN))
        unfinished.update(state=call.state, result=call.result, finished_at=Now())


def _look_again(held: Claim, call: ToolCall) -> ToolCall:
    """The call as it is by now; one that took longer than it may is as good as unknown."""
    with tenant_scope(held.tenant_id):
        same = ToolCall.objects.filter(pk=call.pk)
        given_up = Q(state=State.STARTED, deadline__lt=Now())
        same.filter(given_up).update(state=State.UNKNOWN, finished_at=Now())
        found: ToolCall = same.get()
        return found


def _told(call: ToolCall, tool: ToolSnapshot, held: Claim) -> ToolResult:
    """What the model is told of a call. Raises UnknownOutcome."""
    match call.state:
        case State.DONE:
            return ToolResult(call.result, is_done=True)
        case State.FAILED:
            return ToolResult(tool.fallback_result or call.result)
        case State.REJECTED:
            return ToolResult(REJECTED, is_unapproved=True)
        case State.EXPIRED if not tool_calls.was_sent(call):
            return ToolResult(NOT_APPROVED, is_unapproved=True)
        case State.EXPIRED if call.turn_id == held.turn_id:
            return ToolResult(tool.fallback_result or PAGE_SILENT)
        case State.EXPIRED | State.UNKNOWN:
            raise UnknownOutcome(_summary(call))
    return ToolResult(NOT_ASKED)


def _summary(call: ToolCall) -> str:
    args = arguments(call.args)
    reason = shortened(call.result or "No answer came", REASON_CHARACTERS).rstrip(" .")
    return (
        f"It is not known whether “{call.name}” was done with {args}. {reason}. "
        "Look before it is done again."
    )


def _tell(held: Claim, call: ToolCall, status: str) -> None:
    # Neither arguments nor results: the visitor hears it too.
    data = {
        "id": str(call.id),
        "conversationId": str(held.conversation_id),
        "name": call.name,
        "status": status,
    }
    whisper(held.tenant_id, "tool:call", data, to_team=True, visitor_of=held.conversation_id)


def _landed(task: asyncio.Task[ToolResult]) -> None:
    _in_flight.discard(task)
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, UnknownOutcome):
        logger.error("What became of a tool's call could not be stored", exc_info=error)
