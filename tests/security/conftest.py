import shutil

import pytest

from tests.factories import make_tenant
from tests.security.house import House, Production
from tests.servers import ROOT, serving


@pytest.fixture(scope="session")
def production(database, processes_folder, tmp_path_factory):
    """A web server with the settings of production, behind a proxy that ends TLS."""
    var = tmp_path_factory.mktemp("production")
    shutil.copytree(ROOT / "static", var / "static")
    env = {
        "PRODUCTION": "1",
        "PUBLIC_URL": "https://chat.example.com",
        "ALLOWED_HOSTS": "chat.example.com",
        "TRUSTED_PROXY_COUNT": "1",
        "CHAT_WAIT_SECONDS": "1",
        "VAR_DIR": str(var),
    }
    with serving(processes_folder, **env) as url:
        port = url.rpartition(":")[2]
        yield Production(url, processes_folder / f"web-{port}.log")


@pytest.fixture(scope="session")
def house(production):
    return House(make_tenant("House", is_demo=True), production)


@pytest.fixture(scope="session")
def neighbours(production):
    return House(make_tenant("Neighbours", is_demo=True), production)
