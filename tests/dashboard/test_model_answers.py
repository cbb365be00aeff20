"""A language model's answer, as the team sees it come."""

import pytest

from tenants.executor import run_in_db_thread
from tests.assistants.writing import QUESTION, assistant_of, writer
from tests.dashboard.sockets import listening, new_member
from tests.factories import make_visitor, write

pytestmark = pytest.mark.usefixtures("closed_hub", "live_worker")


def ask(tenant, server, visitor, text=QUESTION):
    return write(tenant, visitor, text, assistant=assistant_of(writer(tenant, server, "streams")))


async def test_the_team_reads_along_and_no_other_team_does(acme, globex, model_server):
    _, token = await new_member(acme)
    _, foreign = await new_member(globex)
    visitor = make_visitor()

    async with listening(token) as (socket, _), listening(foreign) as (stranger, _):
        received = await run_in_db_thread(ask, acme, model_server, visitor)
        frames = [await socket.frame()]
        while frames[-1].get("data", {}).get("seq") != 2:
            frames.append(await socket.frame())

        # The news of who is there is of their own team.
        assert {frame["type"] for frame in await stranger.rest()} <= {"member:availability"}

    deltas = [frame["data"] for frame in frames if frame["type"] == "message:delta"]
    answer = frames[-1]["data"]
    assert answer["author"]["kind"] == "assistant"
    assert {delta["conversationId"] for delta in deltas} == {str(received.conversation_id)}
    # What was said before Redis knew this process may be missing; the rest is in order.
    assert "".join(delta["text"] for delta in deltas) in answer["text"]
    assert len(deltas) >= 3
