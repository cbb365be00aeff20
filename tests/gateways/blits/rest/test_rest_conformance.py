"""Recorded requests and answers, field by field as the reference has them."""

import pytest

from tests.gateways.blits.tokens import api_token
from tests.gateways.frames import play_http, recording, recordings
from tests.widgets.shops import teach

RECORDED = "blits/rest"


@pytest.mark.parametrize("name", recordings(RECORDED))
def test_a_recorded_dialogue_goes_as_recorded(shop, rival, live_server_url, live_worker, name):
    teach(shop)
    values = {"token": api_token(shop), "assistant": str(shop.assistant.id)}

    play_http(live_server_url, recording(RECORDED, name), values)

    assert values["conversation"]
