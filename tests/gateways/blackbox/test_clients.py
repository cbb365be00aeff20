"""A client as the vendor's guide has one written, with nothing but its address changed."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.gateways.blackbox.places import QUESTION
from tests.model_server import node

CLIENT = Path(__file__).parent / "clients" / "chat.mjs"


@pytest.mark.skipif(node() is None, reason="Node is absent")
def test_the_guides_chat_gets_its_answer_and_its_result(place, live_worker):
    url = f"{place.url}/webCall?token={place.token}"
    # A browser has it; Node before 22 wants to be asked.
    command = [node(), "--experimental-websocket", "--no-warnings", CLIENT, url, QUESTION]

    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    seen = [line for line in json.loads(done.stdout) if line != "typing"]
    answer = seen.pop(3)
    assert answer.startswith("assistant: ")
    assert place.answer in answer
    assert seen == [
        "connection",
        "opened",
        f"user: {QUESTION}",
        "completed with a record",
        "closed",
        "close: 1000",
    ]
