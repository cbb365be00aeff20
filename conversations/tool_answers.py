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


def take_result(conversation: Conversation, call_id: object, result: Any) -> None:
    """Keep what the visitor's page returned, and go on; the conversation is locked.

    Raises NotFound for a call that this page was not asked for, Conflict for one that is finished.
    """
    call = _asked_of_page(conversation, call_id)
    tool_calls.finish(call, State.DONE, result=told(result))
    turns.go_on(conversation, call.turn_id)


def take_error(conversation: Conversation, call_id: object, error: str) -> None:
    """The same for a page that could not do what it was asked."""
    call = _asked_of_page(conversation, call_id)
    text = shortened(f"The visitor's page reported an error: {error}", ERROR_CHARACTERS)
    tool_calls.finish(call, State.FAILED, result=text)
    turns.go_on(conversation, call.turn_id)


def approve(conversation: Conversation, call_id: object, member: Membership) -> ToolCall:
    """Let a call be made that waits for it; the conversation is locked.

    Raises NotFound for a call that needs no approval, Conflict for one that is decided.
    """
    call = _asked_of_team(conversation, call_id)
    call.state, call.decided_by = State.APPROVED, member.id
    call.save(update_fields=["state", "decided_by"])
    _tell(call, member)
    if call.place == Place.CLIENT:
        tool = Tool.objects.filter(pk=call.tool_id).first()
        tool_calls.ask_page(call, seconds=tool.timeout_seconds if tool else PAGE_SECONDS)
    turns.go_on(conversation, call.turn_id)
    return call


def reject(conversation: Conversation, call_id: object, member: Membership) -> ToolCall:
    """Have a call not be made; as ``approve``."""
    call = _asked_of_team(conversation, call_id)
    call.decided_by = member.id
    tool_calls.finish(call, State.REJECTED)
    _tell(call, member)
    turns.go_on(conversation, call.turn_id)
    return call


def _asked_of_page(conversation: Conversation, call_id: object) -> ToolCall:
    # Of one that the team has not approved yet, pages know nothing.
    calls = ToolCall.objects.filter(place=Place.CLIENT).exclude(state=State.ASKED)
    call = calls.filter(conversation=conversation, pk=parse_uuid(call_id)).first()
    return _in_state(call, State.WAITING)


def _asked_of_team(conversation: Conversation, call_id: object) -> ToolCall:
    calls = ToolCall.objects.filter(risk=Risk.APPROVAL)
    call = calls.filter(conversation=conversation, pk=parse_uuid(call_id)).first()
    return _in_state(call, State.ASKED)


def _in_state(call: ToolCall | None, state: str) -> ToolCall:
    if call is None:
        raise NotFound("Tool call not found.", code="tool_call_not_found")
    if call.state != state:
        raise Conflict("This tool call is finished.", code="tool_call_finished")
    return call


def _tell(call: ToolCall, member: Membership) -> None:
    announce_tool_approval(call)
    audit.record(
        f"tool_call.{call.state}",
        actor=member.user.email,
        target=call.name,
        details={"id": str(call.id), "conversationId": str(call.conversation_id)},
    )
