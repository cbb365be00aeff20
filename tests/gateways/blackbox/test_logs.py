"""A credential in an address is in no log, whatever becomes of the request."""

from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.gateways.blackbox.places import Place


@pytest.fixture
def place(acme, live_server_url):
    return Place(acme, live_server_url)


def test_no_log_holds_the_credential_of_an_address(place, live_server_url, processes_folder):
    port = live_server_url.rpartition(":")[2]
    log = processes_folder / f"web-{port}.log"
    secrets = [place.token, place.key, "a-wrong-token-7f31", "a-wrong-key-7f31"]
    queries = [f"token={place.token}", f"authorization=Bearer%20{place.key}"]
    queries += ["token=a-wrong-token-7f31", "Authorization=a-wrong-key-7f31"]
    before = len(log.read_text())

    for dev in (False, True):
        for query in queries:
            with place.socket(dev=dev, query=query) as client:
                with suppress(ConnectionClosed):
                    client.ws.send("dance")
                client.end()
            path = "dev" if dev else "webCall"
            httpx.get(f"{live_server_url}/api/v1/ws/{path}?{query}")
    written = log.read_text()[before:]

    assert "/api/v1/ws/webCall closed with 1007" in written
    assert "/api/v1/ws/webCall?token=[redacted]" in written
    assert "/api/v1/ws/dev?authorization=[redacted]" in written
    assert not any(secret in written for secret in secrets)
