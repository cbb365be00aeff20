"""Every test runs on real PostgreSQL and Redis, commits for real, and brings its own two tenants."""

import pytest
from django.core.management import call_command

from tests.factories import make_tenant


@pytest.fixture(scope="session", autouse=True)
def database(django_db_blocker):
    """The database of this run, migrated by its owner; tests reach it as the confined role."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        yield


@pytest.fixture
def acme():
    return make_tenant("Acme")


@pytest.fixture
def globex():
    return make_tenant("Globex")
