import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db.backends.utils import CursorWrapper
from django.test import Client

from tenants.scope import platform_scope
from tests.factories import make_tenant
from tests.isolation.rows import fingerprint
from tests.security import routes
from tests.security.house import House, Production
from tests.servers import ROOT, serving

WRITES = re.compile(r"\s*(?:WITH\b.*\b)?(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY)\b", re.DOTALL)
# Written aside from the request, at most once a minute.
LAST_USE = re.compile(r'UPDATE "tenants_credential" SET "last_used_at" = ')


@dataclass(frozen=True)
class Look:
    """What a GET was answered, and what it wrote."""

    status: int
    text: str
    written: tuple[str, ...]


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


@pytest.fixture
def neighbours_lose_nothing(neighbours):
    before = fingerprint(neighbours.tenant.id)
    yield
    assert fingerprint(neighbours.tenant.id) == before


@pytest.fixture
def written():
    with noting_writes() as statements:
        yield statements


@pytest.fixture(scope="session")
def operators_browser(house):
    """With the cookies of the admin."""
    client = Client()
    # The server may have hashed the password anew.
    house.operator.refresh_from_db()
    with platform_scope("the test logs an operator in"):
        client.force_login(house.operator)
    return client


@pytest.fixture(scope="session")
def looked(house, operators_browser):
    """Every GET of the product and of its admin, by somebody who may: route → look."""
    found = {}
    with noting_writes() as statements:
        for name in routes.routes():
            method, _, template = name.partition(" ")
            if method == "GET" and not template.startswith("static/"):
                path, headers = (
                    routes.path_of(template, house),
                    routes.credentials_for(template, house),
                )
                answer = operators_browser.get(path, headers=headers)
                text = "" if answer.streaming else answer.content.decode(errors="replace")
                answer.close()
                found[name] = Look(
                    answer.status_code, f"{answer.headers}\n{text}", tuple(statements)
                )
                statements.clear()
    return found


@contextmanager
def noting_writes():
    """Every statement of this process that writes, whichever thread and connection it takes."""
    statements, execute = [], CursorWrapper._execute

    def noted(cursor, sql, params, *ignored):
        text = str(sql)
        if WRITES.match(text) and not LAST_USE.match(text):
            statements.append(text)
        return execute(cursor, sql, params, *ignored)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CursorWrapper, "_execute", noted)
        yield statements
