"""Everybody who talks to the product at the same time."""

import asyncio
import uuid
from collections import Counter

import httpx

from tests.deployment.clients import Member, Visitor
from tests.faults.clients import QUESTION, new_session

PAUSE_SECONDS = 0.05
BEHIND_SECONDS = 3
SECRET = "what-no-log-may-hold"


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
            await asyncio.sleep(PAUSE_SECONDS)

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
            visitor = Visitor(proxy, tenant, await new_session(proxy.url, tenant))
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
