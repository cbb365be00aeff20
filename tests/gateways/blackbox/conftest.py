import pytest

from tests.gateways.blackbox.places import Place


@pytest.fixture
def place(acme, live_server_url):
    return Place(acme, live_server_url, "We open at nine.")


@pytest.fixture
def rival(globex, live_server_url):
    return Place(globex, live_server_url, "We never open.")
