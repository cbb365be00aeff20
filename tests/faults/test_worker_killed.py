"""A worker dies in the middle of an answer: another one makes it, once."""

import asyncio
import logging
import time

from tests.faults.clients import ask, until

logger = logging.getLogger(__name__)

ANSWERED_SECONDS = 18
OPEN_TURN = """
    SELECT count(*) FROM conversations_turn
    WHERE tenant_id = %s AND state = 'running' AND attempt = 1
"""
TURNS = "SELECT state, attempt FROM conversations_turn WHERE conversation_id = %s"
MESSAGES = """
    SELECT author_kind FROM conversations_message WHERE conversation_id = %s ORDER BY seq
"""


async def test_a_killed_workers_answer_is_made_by_another_one(product, web, worker, acme, globex):
    # Nudges go to the first database, so that the heir hears of no question before it looks.
    unheard = product.env["REDIS_URL"].removesuffix("/0") + "/1"
    with product.worker(REDIS_URL=unheard):
        with product.locked("assistants_knowledgeentry"):
            asking = asyncio.create_task(ask(web, acme))
            async with asyncio.timeout(10):
                await until(lambda: product.value(OPEN_TURN, acme.id))
            worker.kill()
            killed_at = time.monotonic()
        status, answer = await asking
        seconds = time.monotonic() - killed_at

        # Whoever is dead cannot speak, and nobody else says it again.
        await asyncio.sleep(1)

    worker.start()
    logger.info("Answered %.1f s after the kill", seconds)
    assert status == 200
    assert answer["message"]
    assert seconds < ANSWERED_SECONDS
    assert product.rows(TURNS, answer["conversationId"]) == [("answered", 2)]
    assert product.rows(MESSAGES, answer["conversationId"]) == [("visitor",), ("assistant",)]
