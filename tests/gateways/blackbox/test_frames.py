"""The protocol as it was recorded, against a real server."""

import pytest

from tests.gateways.blackbox.places import Place
from tests.gateways.frames import play, recording, recordings

NAMES = recordings("blackbox")


@pytest.fixture
def both(acme, globex, live_server_url):
    return [
        Place(tenant, live_server_url, f"{tenant.name} opens at nine.", allow_web_call=True)
        for tenant in (acme, globex)
    ]


def is_typing(frame):
    return frame["type"] == "event" and frame["name"] == "typing"


@pytest.mark.parametrize("name", NAMES)
async def test_a_recording_is_repeated(both, live_worker, name):
    for place in both:
        values = place.values
        path = "dev?authorization=" if name == "dev" else "webCall?token="
        credential = place.key if name == "dev" else place.token

        steps = recording("blackbox", name)
        await play(f"{place.url}/{path}{credential}", steps, values, passing=is_typing)

        if "answer" in values:
            assert f"{place.tenant.name} opens at nine." in values["answer"]
