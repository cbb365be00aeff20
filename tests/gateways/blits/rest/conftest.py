import pytest

from tests.in_process import stop


@pytest.fixture(scope="module", autouse=True)
def _application_stops(database):
    """Before its database goes away."""
    yield
    stop()
