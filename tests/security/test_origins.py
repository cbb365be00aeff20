"""Which pages come in, at every door for pages: the listed one, and none that looks like it."""

import json
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gateways.models import WebIntegration
from tenants import credentials
from tenants.models import Credential
from widgets.models import Bubble

LISTED = "https://shop.example"
ALIKE = [
    "https://evil.example",
    "https://evilshop.example",
    "https://shop.example.evil.example",
    "https://www.shop.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example.",
    "https://shop.example@evil.example",
    "https://evil.example#shop.example",
    "https://evil.example/shop.example",
    "https://xn--shp-mna.example",
    "https://[::1]",
    "https://shop.example, https://evil.example",
    "https://*.example",
    "file://",
    "null",
    "",
]


class Door:
    """A way in, as a page of some origin would try it."""

    def __init__(self, house, name):
        self.house, self.name = house, name

    def lets_in(self, origin):
        return getattr(self, self.name)(origin)

    def rest(self, origin):
        return self._asks(f"{self.house.widget}/track", self.house.token, origin)

    def rest_of_blits(self, origin):
        return self._asks("/api/external/initialize", self.house.bubble_token, origin)

    def rest_of_the_team(self, origin):
        with self.house.client(self.page_key, Origin=origin) as client:
            return client.get("/api/assistants").status_code == 200

    def socket(self, origin):
        auth = {"type": "auth", "token": self.house.token, "sessionId": "label"}
        frames = self._hear("/api/ws/chat", origin, {**auth, "sessionSecret": self.house.secret})
        return frames[0]["type"] == "auth:ok"

    def socket_of_blits(self, origin):
        said = {"command": "initialize", "authToken": self.house.bubble_token, "requestId": "1"}
        return "error" not in self._hear("/", origin, said, skip=1)[0]

    def socket_of_blackbox(self, origin):
        path = f"/api/v1/ws/webCall?token={self.house.integration_token}"
        said = {"type": "initialize", "request": {"callType": "chat"}}
        frames = self._hear(path, origin, {**said, "timestamp": "2031-05-17T10:00:00Z"})
        return frames[0]["type"] != "error"

    def socket_of_zeebee(self, origin):
        said = {"type": "init", "api_key": self.page_key}
        return self._hear("/ws", origin, said, skip=1)[0]["type"] == "init_ack"

    def _asks(self, path, token, origin):
        said = {"sessionId": "label", "event": "opened"}
        with self.house.client(token, Origin=origin) as client:
            return client.post(path, json=said).status_code == 200

    @property
    def page_key(self):
        return self.house.page_key

    def _hear(self, path, origin, said, *, skip=0):
        """The first frame that comes back."""
        with self._connected(path, origin) as socket:
            for _ in range(skip):
                socket.recv(10)
            # Some are refused before they say anything; what they are told comes all the same.
            with suppress(ConnectionClosed):
                socket.send(json.dumps(said))
            return [json.loads(socket.recv(10))]

    @contextmanager
    def _connected(self, path, origin):
        url = self.house.production.url.replace("http", "ws") + path
        headers = {"X-Forwarded-Proto": "https", "Origin": origin}
        with connect(url, additional_headers=headers, proxy=None) as socket:
            yield socket


DOORS = [name for name in vars(Door) if name.startswith(("rest", "socket"))]


@pytest.fixture(scope="module")
def guarded(house):
    """The house, of which one page may use everything."""
    key = credentials.issue(house.tenant, Credential.Kind.API_KEY, scopes=["*"], origins=[LISTED])
    house.page_key = key.secret
    with house.shop.scope():
        Bubble.objects.update(origins=[LISTED])
        WebIntegration.objects.update(origins=[LISTED])
    yield house
    with house.shop.scope():
        Bubble.objects.update(origins=[])
        WebIntegration.objects.update(origins=[])


@pytest.mark.parametrize("name", DOORS)
def test_a_door_opens_to_the_listed_page_and_to_none_that_looks_like_it(guarded, name):
    door = Door(guarded, name)

    let_in = [origin for origin in ALIKE if door.lets_in(origin)]

    assert let_in == []
    assert door.lets_in(LISTED)
    assert door.lets_in("https://SHOP.example:443")


def test_the_teams_socket_is_for_our_own_pages_alone(guarded):
    auth = {"type": "auth", "token": guarded.jwt}
    door = Door(guarded, "socket")

    for origin in [LISTED, *ALIKE, "https://chat.example.com.evil.example"]:
        assert door._hear("/api/ws/tenant", origin, auth)[0]["type"] == "error", origin
    assert door._hear("/api/ws/tenant", "https://chat.example.com", auth)[0]["type"] == "auth:ok"


def test_what_a_page_may_read_is_said_to_the_listed_one_alone(guarded):
    with guarded.client() as client:
        for origin in ALIKE:
            answer = client.get(f"{guarded.widget}/config", headers={"Origin": origin})
            assert "access-control-allow-origin" not in answer.headers, origin
        for path in ("/api/me", "/api/schema", "/api/auth/token", "/admin/", "/"):
            answer = client.get(path, headers={"Origin": LISTED})
            assert "access-control-allow-origin" not in answer.headers, path
