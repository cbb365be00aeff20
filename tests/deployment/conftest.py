import tempfile
from pathlib import Path

import pytest

from tests.faults.product import Product


@pytest.fixture(scope="package")
def product():
    with tempfile.TemporaryDirectory(
        prefix="livechat-deployment-", ignore_cleanup_errors=True
    ) as name:
        product = Product(Path(name))
        product.start()
        yield product
        product.stop()


@pytest.fixture(scope="package")
def tenants(product):
    return product.tenants("Acme", "Globex")
