"""Every process is replaced while people talk, and nobody notices."""

import asyncio
import logging
import signal
import uuid
from collections import Counter
from contextlib import ExitStack

import httpx
import pytest

from livechat.embedded.redis import free_port
from tests.deployment.clients import DRAINING, Member, Visitor
from tests.deployment.reverse_proxy import NameServer, needs_nginx, reverse_proxy
from tests.faults.checker import check
from tests.faults.clients import QUESTION, new_session

logger = logging.getLogger(__name__)
pytestmark = needs_nginx

PAUSE_SECONDS = 0.02
SECRET = "what-no-log-may-hold"
BEHIND_SECONDS = 3
WRITTEN = """
    SELECT m.conversation_id::text, array_agg(m.author_kind ORDER BY m.seq)
    FROM conversations_message m
    WHERE m.tenant_id = %s AND m.conversation_id::text = ANY(%s) GROUP BY m.conversation_id
"""
TRACKED = "SELECT count(*) FROM widgets_trackevent WHERE tenant_id = %s"
OPEN_TURNS = """
    SELECT count(*) FROM conversations_turn WHERE state IN ('queued', 'running', 'waiting')
"""


class Fleet:
    """Two web processes at one name, and two workers."""

    def __init__(self, product, names, stack):
        self.product, self.names, self.stack = product, names, stack
        self.port = free_port()
        self.webs, self.workers = {}, []

    def start(self):
        for address in ("127.0.0.2", "127.0.0.3"):
            self.add_web(address)
            self.add_worker()

    def replace_everything(self):
        for old, new in (("127.0.0.2", "127.0.0.4"), ("127.0.0.3", "127.0.0.5")):
            self.add_web(new)
            self.end_web(old)
            self.add_worker()
            end(self.workers.pop(0))

    def add_web(self, address):
        # As with containers, the name leads to it before it listens, and until it has ended.
        self.names.addresses.append(address)
        place = {"HOST": address, "PORT": str(self.port)}
        web = self.product.web(**place, DRAIN_SECONDS="1", TRUSTED_PROXY_COUNT="1")
        self.webs[address] = self.stack.enter_context(web)

    def end_web(self, address):
        end(self.webs.pop(address))
        self.names.addresses.remove(address)

    def add_worker(self):
        self.workers.append(self.stack.enter_context(self.product.worker()))


def end(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(45) == 0


class Requests:
    """One tenant's page, which sends one request after the other until ``stop`` is set."""

    def __init__(self, proxy, tenant, stop):
        self.stop = stop
        self.chats, self.tracked, self.read = [], [], []
        headers = {"Authorization": f"Bearer {tenant.token}"}
        address = f"{proxy.url}/api/widgets/{tenant.id}"
        self.client = httpx.AsyncClient(base_url=address, headers=headers, timeout=30)

    async def chat(self):
        """Ask questions, each in a conversation of its own."""
        while not self.stop.is_set():
            body = {"sessionId": uuid.uuid4().hex, "message": QUESTION}
            self.chats.append(await self.client.post("chat", json=body))

    async def track(self):
        """Write what nothing keeps from being stored twice, so that no proxy may repeat it."""
        body = {"sessionId": "s", "event": "seen", "timestamp": "2030-01-01T00:00:00Z"}
        while not self.stop.is_set():
            self.tracked.append(await self.client.post("track", json=body))
            await asyncio.sleep(PAUSE_SECONDS)

    async def get(self):
        """Read, with what must not be seen in a log."""
        while not self.stop.is_set():
            self.read.append(await self.client.get("config", params={"token": SECRET}))
            await asyncio.sleep(PAUSE_SECONDS)

    def statuses(self):
        answers = [*self.chats, *self.tracked, *self.read]
        return dict(Counter(answer.status_code for answer in answers))


class Crowd:
    """Everybody who is there while the processes are replaced."""

    def __init__(self, proxy, tenants):
        acme, _ = tenants
        self.stop = asyncio.Event()
        self.requests = Requests(proxy, acme, self.stop)
        self.members = {tenant: Member(proxy, tenant) for tenant in tenants}
        self.visitors = {tenant: [] for tenant in tenants}

    async def come(self, proxy, pauses):
        """Open all sockets and begin; ``pauses`` says how often each visitor writes."""
        work = [self.requests.chat(), self.requests.track(), self.requests.get()]
        for tenant, pause in pauses:
            visitor = Visitor(proxy, tenant, await new_session(proxy, tenant))
            self.visitors[tenant].append(visitor)
            work.append(visitor.chatter(self.stop, pause=pause))
        for client in self.sockets():
            await client.is_open.wait()
        self.busy = [asyncio.create_task(each) for each in work]

    async def go(self):
        """End when everybody has heard everything."""
        self.stop.set()
        await asyncio.gather(*self.busy)
        for tenant, member in self.members.items():
            for visitor in self.visitors[tenant]:
                await member.sees(visitor.acks[-1].id, seconds=BEHIND_SECONDS)
        for client in self.sockets():
            await client.leave()
        await self.requests.client.aclose()

    def sockets(self):
        return [*self.members.values(), *(each for v in self.visitors.values() for each in v)]

    def acks(self, tenant):
        return [ack for visitor in self.visitors[tenant] for ack in visitor.acks]


@pytest.fixture(scope="module")
def fleet(product):
    names = NameServer()
    with ExitStack() as stack:
        fleet = Fleet(product, names, stack)
        fleet.start()
        yield fleet
    names.stop()


@pytest.fixture(scope="module")
def proxy(product, fleet):
    with reverse_proxy(product.folder, names=fleet.names, web_port=fleet.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def tenants(product, proxy):
    tenants = product.tenants("Acme", "Globex")
    for tenant in tenants:
        known = {"email": tenant.email, "password": tenant.password}
        tenant.access = httpx.post(f"{proxy.url}/api/auth/token", json=known).json()["access"]
    return tenants


async def test_everything_is_replaced_and_nobody_notices(product, fleet, proxy, tenants):
    acme, globex = tenants
    crowd = Crowd(proxy, tenants)
    # Only acme's may write as often as they like.
    await crowd.come(proxy, [(acme, 0.1), (acme, 0.2), (globex, 3)])

    await asyncio.to_thread(fleet.replace_everything)
    await asyncio.sleep(1)
    await crowd.go()

    requests = crowd.requests
    logger.info("Answers: %s", requests.statuses())
    logger.info("Acknowledged: %s and %s", len(crowd.acks(acme)), len(crowd.acks(globex)))
    logger.info("Sockets ended: %s", [dict(each.endings) for each in crowd.sockets()])
    assert set(requests.statuses()) == {200}
    assert product.value(TRACKED, acme.id) == len(requests.tracked)
    assert SECRET not in proxy.log.read_text()
    check_answers(product, acme, [answer.json() for answer in requests.chats])
    for tenant, member in crowd.members.items():
        check(product, tenant, acks=crowd.acks(tenant), watchers=[member])
    for client in crowd.sockets():
        assert set(client.endings) == {DRAINING}
        told = [event["id"] for event in client.events]
        assert told == list(range(told[0], told[0] + len(told)))


def check_answers(product, tenant, chats):
    """Every question was answered, and once."""
    expected = {chat["conversationId"]: ["visitor", "assistant"] for chat in chats}

    assert all(chat["message"] for chat in chats)
    assert dict(product.rows(WRITTEN, tenant.id, list(expected))) == expected
    assert product.value(OPEN_TURNS) == 0
