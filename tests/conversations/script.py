"""An engine that does as it is written: a version's instructions are the calls that it makes.

``[["refund", {"order": 1}], …]`` are made one after another; in an inner list they are made at once
as far as they wait for somebody. It says what they returned, joined by bars. In place of arguments
``"answers"`` stands for how many answers the conversation got so far.
"""

import json

from assistants.events import Ended, Pause, Qualified, Reply, TurnDone
from assistants.toolbox import ToolRequest
from conversations.models import Turn, TurnState
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope


async def answer(question, toolbox):
    steps = json.loads(question.version.instructions)
    tools = {tool.name: tool for tool in question.version.tools}
    at, said, is_resumed = 0, [], question.paused is not None
    if is_resumed:
        at, said = question.paused["at"], list(question.paused["said"])
    for number in range(at, len(steps)):
        if steps[number] == "qualify":
            yield Qualified({"plan": "large"})
            continue
        if steps[number] == "end":
            yield Ended()
            continue
        calls = steps[number] if isinstance(steps[number][0], list) else [steps[number]]
        requests = [
            ToolRequest(f"call_{n}", tools[name], await _filled(args, question))
            for n, (name, args) in enumerate(calls)
        ]
        waiting = tuple(request for request in requests if request.tool.pauses)
        if waiting and not (is_resumed and number == at):
            yield Pause({"at": number, "said": said}, waiting)
            yield TurnDone("waiting")
            return
        for request in requests:
            result = await toolbox.run(request)
            said.append(f"{'Unapproved: ' * result.is_unapproved}{result.text}")
    yield Reply(" | ".join(said) or "Nothing.")
    yield TurnDone("replied")


async def _filled(args, question):
    if args != "answers":
        return args
    return {"answers": await run_in_db_thread(_count_answers, question)}


def _count_answers(question):
    with tenant_scope(question.version.tenant_id):
        ended = Turn.objects.filter(state__in=(TurnState.ANSWERED, TurnState.HANDED_OVER))
        return ended.filter(conversation_id=question.conversation_id).count()
