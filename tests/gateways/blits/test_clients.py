"""Clients written for Blits, of which only the address and the token are changed."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tenants.executor import run_in_db_thread
from tests.gateways.blits.tokens import api_token
from tests.model_server import FOLDER, node
from tests.widgets.shops import teach

HERE = Path(__file__).parent / "clients"
MODULES = FOLDER / "node_modules"
ATTEMPTS = 5
QUESTION = "What are your opening hours?"


@pytest.mark.parametrize("client", ["strict.py", "evented.js"])
async def test_a_client_of_blits_works_with_another_address_and_token(
    shop, live_server_url, live_worker, client
):
    if client.endswith(".js") and (node() is None or not (MODULES / "ws").exists()):
        pytest.skip("the client needs Node: install it and run make test")
    await run_in_db_thread(teach, shop)
    token = await run_in_db_thread(api_token, shop)
    program = sys.executable if client.endswith(".py") else node()

    url = live_server_url.replace("http", "ws")
    for _ in range(ATTEMPTS):
        heard = await output(program, HERE / client, url, token, QUESTION)
        commands = [frame["command"] for frame in heard]
        # An answer that takes two seconds announces itself, and on a busy machine one may.
        if "statusUpdate" not in commands:
            break

    assert commands == ["connected", "initialize", "message"]
    assert heard[1]["userId"] == "user-123"
    assert heard[2]["response"].endswith("We open at nine and close at five.")
    assert heard[2]["requestId"] == "msg-001"


async def output(*command):
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(MODULES), "NO_PROXY": "*"},
    )
    async with asyncio.timeout(30):
        text, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(text)
