"""What tools on a visitor's page return, by whichever way it comes in."""

from conversations import engine, tool_answers
from conversations.models import VisitorSession
from widgets.inputs import ToolResultInput, checked


def take(session: VisitorSession, conversation_id: object, call_id: object, given: object) -> None:
    """Keep a result or an error for a call of the session's conversation.

    What is not the session's does not exist, whatever is sent for it.
    """
    conversation = engine.conversation_of(session, conversation_id)
    call = tool_answers.page_call(conversation, call_id)
    answer = checked(ToolResultInput, given)
    if "error" in answer:
        tool_answers.take_error(call, answer["error"])
    else:
        tool_answers.take_result(call, answer["result"])
