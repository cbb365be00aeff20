"""Every process is replaced behind nginx while people talk, and nobody notices."""

import asyncio
import logging
from collections import Counter
from types import SimpleNamespace

import httpx
import pytest

from tests.deployment.fleet import Fleet
from tests.deployment.reverse_proxy import NameServer, needs_linux, needs_nginx, reverse_proxy
from tests.faults import clients
from tests.faults.crowd import Crowd

logger = logging.getLogger(__name__)
pytestmark = [needs_nginx, needs_linux]

PAUSE_SECONDS = 0.05
SECRET = "what-no-log-may-hold"
TRACKED = "SELECT count(*) FROM widgets_trackevent WHERE tenant_id = %s"


class Page:
    """A page of the tenant that sends requests which nobody repeats."""

    def __init__(self, url, tenant):
        self.tracked, self.read = [], []
        self.stop = asyncio.Event()
        headers = {"Authorization": f"Bearer {tenant.token}"}
        address = f"{url}/api/widgets/{tenant.id}"
        self.client = httpx.AsyncClient(base_url=address, headers=headers, timeout=30)

    async def track(self):
        """Write what nothing keeps from being stored twice, so that no proxy may repeat it."""
        body = {"sessionId": "s", "event": "seen", "timestamp": "2030-01-01T00:00:00Z"}
        while not self.stop.is_set():
            self.tracked.append((await self.client.post("track", json=body)).status_code)
            await asyncio.sleep(PAUSE_SECONDS)

    async def get(self):
        """Read, with what must not be seen in a log."""
        while not self.stop.is_set():
            answer = await self.client.get("config", params={"token": SECRET})
            self.read.append(answer.status_code)
            await asyncio.sleep(PAUSE_SECONDS)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Everything starts anew at once, and only a loss is one."""
    monkeypatch.setattr(clients, "PATIENCE_SECONDS", 15)


@pytest.fixture
def fleet(product):
    names = NameServer()
    fleet = Fleet(product, names)
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()
        names.stop()


@pytest.fixture
def proxy(product, fleet):
    with reverse_proxy(product.folder, names=fleet.names, web_port=fleet.port) as proxy:
        yield proxy


async def test_everything_is_replaced_and_nobody_notices(product, fleet, proxy, tenants):
    acme, _ = tenants
    crowd = Crowd(SimpleNamespace(product=product, door=lambda: proxy.url), tenants)
    page = Page(proxy.url, acme)
    async with page.client, crowd.busy():
        browsing = [asyncio.create_task(work) for work in (page.track(), page.get())]
        await asyncio.to_thread(fleet.replace_everything)
        await crowd.recovered("everything was replaced")
        page.stop.set()
        await asyncio.gather(*browsing)

    assert crowd.check().violations == []
    assert Counter(page.tracked + page.read).keys() == {200}
    assert product.value(TRACKED, acme.id) == len(page.tracked)
    assert SECRET not in proxy.log.read_text()
    for tenant, history in crowd.histories.items():
        logger.info("%s messages, %s", len(history.confirmed), history.statuses)
        assert all(status < 500 for status in history.statuses)
        assert set(history.refusals) <= {"draining"}
        assert set(history.losses) <= {"ConnectionClosedError"}
        everybody = (*crowd.watchers, *crowd.writers, crowd.slow_writer)
        sockets = [each for each in everybody if each.tenant is tenant]
        assert all(each.connections > 1 for each in sockets)
        assert all(not each.feed.gaps and not each.feed.resyncs for each in sockets)
