import tempfile
from pathlib import Path

import pytest

from tests.faults.product import Product


@pytest.fixture(scope="package")
def product():
    with tempfile.TemporaryDirectory(prefix="livechat-faults-", ignore_cleanup_errors=True) as name:
        product = Product(Path(name))
        try:
            product.start()
            yield product
        finally:
            product.stop()


@pytest.fixture(scope="package")
def web(product):
    with product.web() as web:
        yield web


@pytest.fixture(scope="package")
def worker(product):
    with product.worker() as worker:
        yield worker


@pytest.fixture(scope="package")
def tenants(product):
    return product.tenants("Acme", "Globex")


@pytest.fixture(scope="package")
def acme(tenants):
    return tenants[0]


@pytest.fixture(scope="package")
def globex(tenants):
    return tenants[1]
