"""What the matrix of ids cannot show on Blits' socket: who hears, and whose a user's name is."""

import pytest

from tenants.executor import run_in_db_thread
from tests.gateways.blits.sockets import answer, talking
from tests.gateways.blits.tokens import api_token
from tests.isolation.rows import rows

pytestmark = pytest.mark.usefixtures("closed_hub", "no_turn_is_left")


async def test_a_users_name_means_another_user_at_another_tenant(shop, rival):
    tokens = [await run_in_db_thread(api_token, one) for one in (shop, rival)]
    for one, token in zip((shop, rival), tokens, strict=True):
        async with talking(one, token=token, userId="kim") as socket:
            await socket.write(f"I am {one.tenant.slug}")
            await run_in_db_thread(answer, one, f"Hello {one.tenant.slug}")
            await socket.frame()

    async with talking(shop, token=tokens[0]) as socket:
        read = await socket.ask("loadHistory", conversationId=None, userId="kim")
        before = await run_in_db_thread(rows, rival.tenant.id)
        erased = await socket.ask("deleteHistory", conversationId=None, userId="kim")
        nobody = await socket.ask("loadHistory", conversationId=None, userId="kim")

    mine = shop.tenant.slug
    assert [one["message"] for one in read["chatHistory"]] == [f"I am {mine}", f"Hello {mine}"]
    assert erased["command"] == "deleteHistory"
    assert nobody["chatHistory"] == []
    assert await run_in_db_thread(rows, rival.tenant.id) == before


async def test_nobody_hears_anothers_conversation(shop, rival):
    async with (
        talking(shop) as mine,
        talking(shop) as neighbour,
        talking(rival) as theirs,
    ):
        await mine.write("Well?")
        await run_in_db_thread(answer, shop, "For one alone.")
        heard = await mine.frame()
        # Whatever they heard would come before this.
        others = [await other.ask("marker", requestId="r") for other in (neighbour, theirs)]

    assert heard["response"] == "For one alone."
    assert [other.get("requestId") for other in others] == ["r", "r"]
