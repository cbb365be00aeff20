import pytest

from tests.admin.operators import Operator


@pytest.fixture(scope="session")
def operator(database):
    """One for all tests: the tenants are what keeps them apart."""
    return Operator().log_in()
