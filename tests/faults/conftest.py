import tempfile
from pathlib import Path

import httpx
import pytest

from tests.faults.product import Product


@pytest.fixture(scope="package")
def product():
    with tempfile.TemporaryDirectory(prefix="livechat-faults-", ignore_cleanup_errors=True) as name:
        product = Product(Path(name))
        product.start()
        yield product
        product.stop()


@pytest.fixture(scope="package")
def web(product):
    with product.web() as web:
        yield web


@pytest.fixture(scope="module")
def worker(product):
    with product.worker() as worker:
        yield worker


@pytest.fixture(scope="package")
def tenants(product, web):
    tenants = product.tenants("Acme", "Globex")
    for tenant in tenants:
        known = {"email": tenant.email, "password": tenant.password}
        tenant.access = httpx.post(f"{web.url}/api/auth/token", json=known).json()["access"]
    return tenants


@pytest.fixture(scope="package")
def acme(tenants):
    return tenants[0]


@pytest.fixture(scope="package")
def globex(tenants):
    return tenants[1]
