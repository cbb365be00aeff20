"""Tests run on real PostgreSQL and Redis, commit for real, and bring their own two tenants."""

import pytest
from django.core.management import call_command
from django.db import connections

from tenants import context
from tests.factories import make_tenant
from tests.model_server import model_server  # noqa: F401 -- a fixture
from tests.servers import live_server_url, live_worker, processes_folder  # noqa: F401 -- fixtures


def pytest_collection_modifyitems(items):
    """Whoever plays the worker's part goes first: once a real one runs, it answers everything."""
    items.sort(key=lambda item: "live_worker" in item.fixturenames)


@pytest.fixture(scope="session", autouse=True)
def database(django_db_blocker):
    """The database of this run, migrated by its owner; tests reach it as the confined role."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        yield
        for connection in connections.all():
            connection.close()
            connection.close_pool()


@pytest.fixture(autouse=True)
def no_request():
    """A test client's requests share the test's context; the next test begins without theirs."""
    context.request_id.set("")
    context.tenant_id.set("")


@pytest.fixture
def acme():
    return make_tenant("Acme")


@pytest.fixture
def globex():
    return make_tenant("Globex")
