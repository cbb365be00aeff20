"""An engine that does as it is written: a version's instructions are the calls that it makes.

``[["refund", {"order": 1}], …]`` are made one after another; in an inner list they are made at once
as far as they wait for somebody. It says what they returned, joined by bars.
"""

import json

from assistants.events import Ended, Pause, Qualified, Reply, TurnDone
from assistants.toolbox import ToolRequest


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
        requests = [ToolRequest(f"call_{n}", tools[c[0]], c[1]) for n, c in enumerate(calls)]
        waiting = tuple(request for request in requests if request.tool.pauses)
        if waiting and not (is_resumed and number == at):
            yield Pause({"at": number, "said": said}, waiting)
            yield TurnDone("waiting")
            return
        for request in requests:
            said.append(await toolbox.run(request))
    yield Reply(" | ".join(said) or "Nothing.")
    yield TurnDone("replied")
