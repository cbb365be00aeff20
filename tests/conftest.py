"""Tests run on real PostgreSQL and Redis, commit for real, and bring their own two tenants."""

import asyncio
import gc
import re

import pytest
from django.core.management import call_command
from django.db import connections

from realtime.feeds import hub
from tenants import context
from tests.factories import make_tenant
from tests.model_server import model_server  # noqa: F401 -- a fixture
from tests.servers import (  # noqa: F401 -- fixtures
    live_server_url,
    live_worker,
    metrics_ports,
    processes_folder,
)
from tests.thrift import (  # noqa: F401 -- fixtures
    one_trust_store,
    pages_alone_tell_their_context,
    vectors_are_remembered,
)

# Folders whose tests share what they start.
SHARING = ("bad_input", "faults", "security")
LONGEST_ID = 100
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")


# Before xdist's, which reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whoever plays the worker's part goes first: once a real one runs, it answers everything.

    A file's tests stay together, in one process; those of some folders share a product.
    """
    items.sort(key=lambda item: "live_worker" in item.fixturenames)
    for item in items:
        place = item.path.parent if item.path.parent.name in SHARING else item.path
        group = f"{place} {'live_worker' in item.fixturenames}"
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish():
    """What was collected stays to the end; the garbage collector need not go through it again."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(config, val, argname):
    """Every process must call a test the same, whatever new ids its parameters hold."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{len(val)} {'bytes' if isinstance(val, bytes) else 'characters'}"
    return ID.sub(argname, val) if isinstance(val, str) and ID.search(val) else None


@pytest.fixture(scope="session", autouse=True)
def database(django_db_blocker):
    """The database of this run, migrated by its owner; tests reach it as the confined role."""
    with django_db_blocker.unblock():
        # Of the states between its steps nothing is garbage yet: to look for it takes a quarter.
        gc.disable()
        call_command("migrate", verbosity=0)
        gc.enable()
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
async def closed_hub():
    """The process's hub, which ends with the test's loop."""
    yield hub()
    await hub().close()
    await asyncio.sleep(0)


@pytest.fixture
def acme():
    return make_tenant("Acme")


@pytest.fixture
def globex():
    return make_tenant("Globex")
