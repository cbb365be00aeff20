"""A pytest plugin: the suite runs on PostgreSQL and Redis of its own, not on the product's.

``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` name others instead. The first needs a login that may
create databases and roles; ``TEST_DATABASE_OWNER_URL`` names the owner's login if it is another.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from livechat.embedded import EmbeddedServices, ServiceError
from livechat.embedded.redis import free_port

SERVICES = pytest.StashKey[EmbeddedServices]()
FOLDER = pytest.StashKey[Path]()
FOREIGN = {"TEST_DATABASE_URL": "DATABASE_URL", "TEST_REDIS_URL": "REDIS_URL"}
SETTINGS = {"SECRET_KEY": "tests-only-secret-key-of-a-decent-length", "PRODUCTION": "", "DEBUG": ""}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start the stores before pytest-django, which reads the settings in this same hook.

    Each process that runs tests has its own; the one that only hands them out needs none.
    """
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if early_config.known_args_namespace.numprocesses and not is_worker:
        return (yield)
    folder = Path(tempfile.mkdtemp(prefix="livechat-tests-"))
    early_config.stash[FOLDER] = folder
    services = EmbeddedServices(
        folder,
        database="TEST_DATABASE_URL" not in os.environ,
        redis="TEST_REDIS_URL" not in os.environ,
        throwaway=True,
    )
    try:
        os.environ |= SETTINGS | _foreign_addresses() | services.start()
    except ServiceError as error:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(str(error))
    os.environ["VAR_DIR"] = str(folder)
    # Where the models' server will listen; the product's processes may call it.
    os.environ["INTERNAL_HOSTS"] = f"127.0.0.1:{free_port()}"
    early_config.stash[SERVICES] = services
    try:
        return (yield)
    except BaseException:
        # Nobody calls pytest_unconfigure when the settings or a conftest cannot be loaded.
        pytest_unconfigure(early_config)
        raise


def _foreign_addresses() -> dict[str, str]:
    found = {ours: os.environ[test] for test, ours in FOREIGN.items() if test in os.environ}
    if "DATABASE_URL" in found:
        owner = os.environ.get("TEST_DATABASE_OWNER_URL", found["DATABASE_URL"])
        found["DATABASE_OWNER_URL"] = owner
    return found


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if services := config.stash.get(SERVICES, None):
        services.stop()
    if folder := config.stash.get(FOLDER, None):
        shutil.rmtree(folder, ignore_errors=True)
