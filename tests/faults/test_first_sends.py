"""Fifty requests that are one: a client that was not sure whether it was heard."""

import asyncio
import uuid

import httpx

from tests.faults.clients import QUESTION

SENDS = 50
TURNS = "SELECT state, attempt FROM conversations_turn WHERE conversation_id = %s"
MESSAGES = """
    SELECT author_kind FROM conversations_message WHERE conversation_id = %s ORDER BY seq
"""
CONVERSATIONS = """
    SELECT c.id::text FROM conversations_conversation c
    JOIN conversations_visitorsession s ON s.id = c.session_id WHERE s.label = %s
"""


async def test_fifty_first_sends_with_one_key_are_one(product, web, worker, acme, globex):
    label, key = uuid.uuid4().hex, uuid.uuid4().hex
    headers = {"Authorization": f"Bearer {acme.token}", "Idempotency-Key": key}
    body = {"sessionId": label, "message": QUESTION}

    with product.web() as other_web:
        async with httpx.AsyncClient(headers=headers, timeout=30) as client:
            answers = await asyncio.gather(
                *(
                    client.post(f"{server.url}/api/widgets/{acme.id}/chat", json=body)
                    for server in [web, other_web] * (SENDS // 2)
                )
            )

    assert {answer.status_code for answer in answers} == {200}
    first, *others = [answer.json() for answer in answers]
    assert first["message"]
    assert others == [first] * (SENDS - 1)
    assert product.rows(CONVERSATIONS, label) == [(first["conversationId"],)]
    assert product.rows(MESSAGES, first["conversationId"]) == [("visitor",), ("assistant",)]
    assert product.rows(TURNS, first["conversationId"]) == [("answered", 1)]
