import pytest

from tests.widgets.shops import make_shop


@pytest.fixture
def shop(acme, live_server_url):
    return make_shop(acme, live_server_url)


@pytest.fixture
def rival(globex, live_server_url):
    return make_shop(globex, live_server_url)
