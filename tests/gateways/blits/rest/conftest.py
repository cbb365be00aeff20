import pytest

from tests.gateways.blits.rest.client import stop


@pytest.fixture(scope="module", autouse=True)
def _application_stops(database):
    """Before its database goes away."""
    yield
    stop()
