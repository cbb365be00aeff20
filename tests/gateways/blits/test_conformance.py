"""Recorded dialogues, word by word as the reference has them."""

import pytest

from tenants.executor import run_in_db_thread
from tests.gateways.blits.tokens import api_token
from tests.gateways.frames import play, recording, recordings
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
