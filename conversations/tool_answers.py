"""What pages and members answer to the calls that wait for them; each is answered once."""

from typing import Any

from assistants.models import Tool
from assistants.tools.results import ERROR_CHARACTERS, shortened, told
from conversations import tool_calls, turns
from conversations.announcements import announce_tool_approval
from conversations.models import Conversation, ToolCall
from conversations.tool_calls import PAGE_SECONDS, Place, Risk, State
from tenants import audit
from tenants.errors import Conflict, NotFound
from tenants.ids import parse_uuid
from tenants.models import Membership


def page_call(conversation: Conversation, call_id: object) -> ToolCall:
    """A call that the visitor's page was asked to make; the conversation is locked.

    Raises NotFound for any other.
    """
    # Of one that the team has not approved yet, pages know nothing.
    calls = ToolCall.objects.filter(place=Place.CLIENT).exclude(state=State.ASKED)
    return _found(calls.filter(conversation=conversation, pk=parse_uuid(call_id)).first())


def team_call(conversation: Conversation, call_id: object) -> ToolCall:
    """A call that needs a member's approval; the conversation is locked. Raises NotFound."""
    calls = ToolCall.objects.filter(risk=Risk.APPROVAL)
    return _found(calls.filter(conversation=conversation, pk=parse_uuid(call_id)).first())


def take_result(call: ToolCall, result: Any) -> None:
    """Keep what the page returned, and go on. Raises Conflict when the call is finished."""
    _require(call, State.WAITING)
    tool_calls.finish(call, State.DONE, result=told(result))
    turns.go_on(call.tenant_id, call.turn_id)


def take_error(call: ToolCall, error: str) -> None:
    """The same for a page that could not do what it was asked."""
    _require(call, State.WAITING)
    text = shortened(f"The visitor's page reported an error: {error}", ERROR_CHARACTERS)
    tool_calls.finish(call, State.FAILED, result=text)
    turns.go_on(call.tenant_id, call.turn_id)


def approve(call: ToolCall, member: Membership) -> None:
    """Let a call be made, with the arguments that it has. Raises Conflict when it is decided."""
    _require(call, State.ASKED)
    call.state, call.decided_by = State.APPROVED, member.id
    call.save(update_fields=["state", "decided_by"])
    _tell(call, member)
    if call.place == Place.CLIENT:
        tool = Tool.objects.filter(pk=call.tool_id).first()
        tool_calls.ask_page(call, seconds=tool.timeout_seconds if tool else PAGE_SECONDS)
    turns.go_on(call.tenant_id, call.turn_id)


def reject(call: ToolCall, member: Membership) -> None:
    """Have a call not be made; as ``approve``."""
    _require(call, State.ASKED)
    call.decided_by = member.id
    tool_calls.finish(call, State.REJECTED)
    _tell(call, member)
    turns.go_on(call.tenant_id, call.turn_id)


def _found(call: ToolCall | None) -> ToolCall:
    if call is None:
        raise NotFound("Tool call not found.", code="tool_call_not_found")
    return call


def _require(call: ToolCall, state: str) -> None:
    if call.state != state:
        raise Conflict("This tool call is finished.", code="tool_call_finished")


def _tell(call: ToolCall, member: Membership) -> None:
    announce_tool_approval(call)
    audit.record(
        f"tool_call.{call.state}",
        actor=member.user.email,
        target=call.name,
        details={"id": str(call.id), "conversationId": str(call.conversation_id)},
    )
