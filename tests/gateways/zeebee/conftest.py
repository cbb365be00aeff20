import pytest

from tests.factories import make_tenant
from tests.gateways.zeebee.chats import Place


@pytest.fixture(scope="module")
def places(live_server_url):
    """Two tenants that know the same questions and answer them differently."""
    return tuple(
        Place(make_tenant(name, guests_allowed=True), live_server_url, answer)
        for name, answer in (
            ("Acme", "We open at nine and close at five."),
            ("Globex", "Globex never closes."),
        )
    )


@pytest.fixture
def acme(places):
    return places[0]


@pytest.fixture
def globex(places):
    return places[1]
