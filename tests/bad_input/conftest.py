import pytest

from tests.bad_input.fronts import fronting, rows


@pytest.fixture(scope="session")
def fronted(database, tmp_path_factory):
    with fronting(tmp_path_factory.mktemp("front")) as front:
        assert all(front.furnish())
        yield front


@pytest.fixture
def front(fronted):
    """The server, which must have nothing to complain of, and another tenant who loses nothing."""
    before = rows(fronted.rival)
    yield fronted
    assert fronted.alarms() == []
    assert rows(fronted.rival) == before
