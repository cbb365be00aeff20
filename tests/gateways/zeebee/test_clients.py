"""The client that the reference shows, with another address and key."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.gateways.zeebee.chats import QUESTION
from tests.model_server import node

CLIENT = Path(__file__).parent / "clients" / "chat.mjs"


def run(place, *, key):
    if node() is None:
        pytest.skip("Node is absent: install it and run make test")
    told = {
        "ZEEBEE_URL": place.url,
        "ZEEBEE_KEY": key,
        "QUESTIONS": json.dumps([QUESTION, QUESTION]),
    }
    result = subprocess.run(
        [node(), "--experimental-websocket", "--no-warnings", CLIENT],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_references_client_gets_its_answers_in_one_conversation(acme, live_worker):
    first, second, end = run(acme, key=acme.key)

    assert acme.answer in first["response"]
    assert acme.answer in second["response"]
    assert first["conversationId"] == second["conversationId"]
    assert [kind for kind in end["seen"] if kind != "pong"] == [
        "connection_established",
        "init_ack",
        *["status", "response"] * 2,
    ]
    assert "pong" in end["seen"]
    assert len(acme.texts(first["conversationId"])) == 4


def test_the_references_client_recognises_a_wrong_key(acme):
    error, _ = run(acme, key="sk_nonsense")

    assert "Invalid API key" in error["error"]
