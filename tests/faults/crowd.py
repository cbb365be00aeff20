"""The clients of one run: who writes, who asks, who watches, and who answers by hand."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

from tests.faults.checker import Checker
from tests.faults.clients import (
    QUESTION,
    Asker,
    BlitsVisitor,
    Member,
    Visitor,
    Watcher,
    holding,
    until,
)
from tests.faults.history import History

RECOVERY_SECONDS = 60
SETTLE_SECONDS = 120
# A session that has limits may write twenty times a minute.
SLOW_SECONDS = 3.2
HEADS = "SELECT feed::text, seq FROM realtime_head"


class Crowd:
    """Of the first tenant there are many, of the second a few, who must hear nothing of them."""

    def __init__(self, stage, tenants, *, writers=2, askers=1, pause=0.2, think=0.5):
        self.stage, self.tenants = stage, tenants
        self.pause, self.think = pause, think
        self.histories = {tenant: History() for tenant in tenants}
        self.stop = asyncio.Event()
        self.late = []
        acme, globex = tenants
        self.watchers = [self._make(Watcher, tenant) for tenant in (acme, acme, globex)]
        self.writers = [self._make(Visitor, acme) for _ in range(writers)]
        self.slow_writer = self._make(Visitor, globex)
        self.blits = self._make(BlitsVisitor, acme)
        self.askers = [self._make(Asker, acme) for _ in range(askers)]
        self.member = self._make(Member, acme)

    @asynccontextmanager
    async def busy(self):
        """Everybody at work for the length of the block; then what is begun is finished."""
        async with AsyncExitStack() as lines:
            for socket in (*self.watchers, *self._visitors(), self.blits):
                await lines.enter_async_context(holding(socket))
            for caller in (*self.askers, self.member):
                lines.push_async_callback(caller.client.aclose)
            await asyncio.gather(*(self._hold(writer) for writer in self.writers))
            work = [asyncio.create_task(one) for one in self._work()]
            try:
                yield self
                self.stop.set()
                async with self._in_time("after everything", SETTLE_SECONDS):
                    await asyncio.gather(*work)
                    await self._settled()
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)

    async def recovered(self, fault):
        """Seconds until every writer is heard again, and the team is told of it."""
        begun = time.monotonic()
        watchers = [one for one in self.watchers if one.tenant is self.tenants[0]]
        heard = {writer: len(writer.acks) for writer in self.writers}
        async with self._in_time(f"after {fault}", RECOVERY_SECONDS):
            for writer, count in heard.items():
                await until(lambda w=writer, n=count: len(w.acks) > n)
                for watcher in watchers:
                    await watcher.sees(writer.acks[count].id, seconds=RECOVERY_SECONDS)
        return time.monotonic() - begun

    def check(self):
        """A checker that has looked at everything."""
        checker = Checker(self.stage.product)
        for late in self.late:
            checker.expect(False, "too late:", late)
        for tenant, history in self.histories.items():
            checker.check(
                tenant,
                history,
                watchers=[one for one in self.watchers if one.tenant is tenant],
                visitors=[one for one in self._visitors() if one.tenant is tenant],
            )
        return checker

    def feeds(self):
        return [one.feed for one in (*self.watchers, *self._visitors())]

    @asynccontextmanager
    async def _in_time(self, what, seconds):
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            self.late.append(what)

    def _make(self, kind, tenant):
        return kind(self.stage.door, tenant, self.histories[tenant])

    def _visitors(self):
        return [*self.writers, self.slow_writer]

    async def _hold(self, writer):
        """Have a person answer this visitor, who therefore costs no turns."""
        await writer.say(QUESTION)
        await self.member.take_over(writer.conversation_id)

    def _work(self):
        yield from (writer.chatter(self.stop, pause=self.pause) for writer in self.writers)
        yield self.slow_writer.chatter(self.stop, pause=SLOW_SECONDS)
        yield self._repeat(lambda _: self.blits.say(QUESTION), self.think)
        for asker in self.askers:
            yield self._repeat(lambda number, a=asker: a.ask(again=number % 4 == 0), self.think)
        yield self._repeat(self._lend_a_hand, self.think)

    async def _repeat(self, do, pause):
        number = 0
        while not self.stop.is_set():
            await do(number := number + 1)
            await asyncio.sleep(pause)

    async def _lend_a_hand(self, number):
        """Answer a visitor who waits for a person, and one whom the assistant was answering."""
        writer = self.writers[number % len(self.writers)]
        await self.member.reply(writer.conversation_id, "I am on it.")
        asker = self.askers[number % len(self.askers)]
        if number % 3 == 0 and asker.conversation_id:
            await self.member.take_over(asker.conversation_id)
            await self.member.reply(asker.conversation_id, "Let me see.")
            await self.member.give_back(asker.conversation_id)

    async def _settled(self):
        """Wait until every question has its end, and everybody has heard of everything."""
        checker = Checker(self.stage.product)
        await until(lambda: not any(checker.open_turns(tenant) for tenant in self.tenants))
        heads = dict(self.stage.product.rows(HEADS))
        feeds = [(one.tenant.id, one.feed) for one in self.watchers]
        feeds += [(one.conversation_id, one.feed) for one in self._visitors()]
        await until(lambda: all((feed.position or 0) >= heads.get(name, 0) for name, feed in feeds))
