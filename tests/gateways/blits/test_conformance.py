"""Recorded dialogues, word by word as the reference has them."""

import base64
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tenants.executor import run_in_db_thread
from tests.gateways.blits.tokens import api_token
from tests.gateways.frames import play, recording, recordings
from tests.widgets.files import PNG
from tests.widgets.shops import teach


@pytest.mark.parametrize("name", recordings("blits"))
async def test_a_recorded_dialogue_goes_as_recorded(shop, live_server_url, live_worker, name):
    await run_in_db_thread(teach, shop)
    values = {
        "token": await run_in_db_thread(api_token, shop),
        "assistant": str(shop.assistant.id),
    }
    url = live_server_url.replace("http", "ws") + "/"

    await play(url, recording("blits", name), values)

    assert values["conversation"]


async def test_the_real_server_takes_a_large_file_from_whoever_has_initialized(
    shop, live_server_url
):
    token = await run_in_db_thread(api_token, shop)
    url = live_server_url.replace("http", "ws")
    large = base64.b64encode(PNG + bytes(10 * 1024 * 1024 - len(PNG))).decode()

    async with connect(url, proxy=None) as ws:
        await ws.recv()
        await ws.send(json.dumps({"command": "initialize", "authToken": token}))
        await ws.recv()
        file = {"command": "message", "authToken": token, "fileData": large}
        await ws.send(json.dumps(file))
        await ws.send(json.dumps({"command": "loadHistory", "authToken": token}))
        told = json.loads(await ws.recv())
    async with connect(url, proxy=None) as ws:
        await ws.recv()
        await ws.send(json.dumps({**file, "command": "initialize"}))
        refused = json.loads(await ws.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()

    assert [one["message"] for one in told["chatHistory"]] == ["[file.png]"]
    assert refused["error"] == "The frame is too large"
    assert closed.value.rcvd.code == 4413
