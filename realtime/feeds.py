"""Delivery of events to the sockets of this process, in order and without gaps.

One hub per process hears hints from Redis and looks at the database every two seconds, so that a
lost hint costs two seconds and nothing else.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from realtime import bus
from realtime.events import REWRITTEN
from realtime.log import (
    EVENTS_AT_ONCE,
    REPLAY_LIMIT,
    Channel,
    LoggedEvent,
    encode,
    read_events,
    read_head,
    read_heads,
)
from tenants import metrics, tracing
from tenants.executor import run_in_db_thread
from tenants.per_loop import PerLoop

logger = logging.getLogger(__name__)

GAP_PATIENCE_SECONDS = 0.05
POLL_SECONDS = 2.0
IDLE_SECONDS = 60.0
REMEMBERED_EVENTS = 1000
AHEAD_LIMIT = 1000
RESYNC = encode({"type": "resync", "data": {}})

Deliver = Callable[[str], None]
Replay = Callable[[str], Awaitable[None]]


class Feed:
    """One channel's events as this process has passed them on."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.position: int | None = None
        self.listeners: set[Deliver] = set()
        self.joining = 0
        self.recent: deque[LoggedEvent] = deque(maxlen=REMEMBERED_EVENTS)
        self.idle_since: float | None = None
        self._ahead: dict[int, LoggedEvent] = {}
        self._healing: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Find out where the log stands; events that arrive meanwhile are held."""
        async with self._lock:
            if self.position is None:
                self.position = await run_in_db_thread(read_head, self.channel)
                self._pass_on_what_follows()

    def push(self, event: LoggedEvent) -> None:
        if self.position is not None and event.seq <= self.position:
            return
        if len(self._ahead) < AHEAD_LIMIT:
            # What finds no place here is in the log.
            self._ahead[event.seq] = event
        self._pass_on_what_follows()
        if self._ahead and self._healing is None and self.position is not None:
            self._healing = asyncio.create_task(self._heal())

    def remember(self, events: list[LoggedEvent]) -> None:
        """Keep what one listener has missed for the others, who come back with it.

        Unless something has happened since it was read: that may have rewritten it.
        """
        if events and events[-1].seq == self.position and not self.recent:
            self.recent.extend(events)

    def send(self, frame: str) -> None:
        metrics.EVENTS_DELIVERED.inc(len(self.listeners))
        for deliver in tuple(self.listeners):
            try:
                deliver(frame)
            except Exception:
                # Whatever is wrong with one socket, its neighbours must hear of every event.
                logger.exception("A listener failed")

    async def catch_up(self) -> None:
        """Pass on whatever the log has beyond our position."""
        async with self._lock:
            while self.position is not None:
                events = await run_in_db_thread(read_events, self.channel, after=self.position)
                for event in events:
                    self._ahead.setdefault(event.seq, event)
                self._pass_on_what_follows()
                if events and events[-1].seq > self.position:
                    # What comes next is in the log no more, and would be waited for in vain.
                    self.restart_at(events[-1].seq)
                if len(events) < EVENTS_AT_ONCE:
                    return

    def restart_at(self, seq: int) -> None:
        """The log was restored to an earlier state, or has a hole: no position means anything."""
        self.position = seq
        self.recent.clear()
        self._ahead.clear()
        metrics.RESYNCS.inc()
        self.send(RESYNC)

    async def _heal(self) -> None:
        try:
            await asyncio.sleep(GAP_PATIENCE_SECONDS)
            if self._ahead:
                metrics.GAPS_HEALED.inc()
                await self.catch_up()
        except Exception:
            # The database is away: the poll will try again.
            logger.exception("Could not read the event log")
        finally:
            self._healing = None

    def _pass_on_what_follows(self) -> None:
        while self.position is not None and (event := self._ahead.pop(self.position + 1, None)):
            self.position = event.seq
            if event.type.endswith(REWRITTEN):
                self.recent.clear()
            self.recent.append(event)
            self.send(event.frame)
            metrics.EVENT_LAG.observe(_age(event))
        if self._ahead and self.position is not None:
            self._ahead = {seq: e for seq, e in self._ahead.items() if seq > self.position}


class Watch:
    """Waits for something new in one channel."""

    def __init__(self, concerns: Callable[[dict[str, Any]], bool]) -> None:
        self.concerns = concerns
        self.head: int | None = None
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    async def news(self) -> None:
        await self._news.wait()
        self._news.clear()


class Hub:
    """All feeds and watches of this process."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, Feed] = {}
        self._watches: dict[UUID, set[Watch]] = {}
        self._tenants: dict[UUID, float] = {}
        self._joined: set[UUID] = set()
        self._membership_changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def subscribe(
        self, channel: Channel, deliver: Deliver, replay: Replay, *, after: int | None = None
    ) -> int:
        """Replay what followed ``after`` and then deliver each event; the number reached so far.

        ``deliver`` must not block; ``replay`` may wait for its reader. Subscribing comes first and
        reading second, so that nothing falls between them.
        """
        feed = self._feed(channel)
        # Kept for as long as that takes: a reader may be slower than idle feeds are patient.
        feed.joining += 1
        try:
            await feed.open()
            if after is not None:
                await self._replay(feed, replay, after)
            feed.listeners.add(deliver)
        finally:
            feed.joining -= 1
        assert feed.position is not None
        return feed.position

    async def position(self, channel: Channel) -> int:
        """The number of the channel's newest event, as far as this process knows."""
        feed = self._feed(channel)
        await feed.open()
        assert feed.position is not None
        return feed.position

    def unsubscribe(self, channel: Channel, deliver: Deliver) -> None:
        feed = self._feeds.get(channel.feed)
        if feed is not None:
            feed.listeners.discard(deliver)

    def watch(self, channel: Channel, concerns: Callable[[dict[str, Any]], bool]) -> Watch:
        """Be woken by events that ``concerns`` accepts; by the poll, whatever happened."""
        self.attend(channel.tenant_id)
        watch = Watch(concerns)
        self._watches.setdefault(channel.feed, set()).add(watch)
        return watch

    def unwatch(self, channel: Channel, watch: Watch) -> None:
        watches = self._watches.get(channel.feed, set())
        watches.discard(watch)
        if not watches:
            self._watches.pop(channel.feed, None)

    def attend(self, tenant_id: UUID) -> None:
        """Hear this tenant's hints from now on; joining happens in the background."""
        if not self._tasks:
            # In a context of their own: the caller's, with its tenant's scope, ends long before.
            self._tasks = [
                asyncio.create_task(self._pump(), context=Context()),
                asyncio.create_task(self._poll(), context=Context()),
            ]
        if tenant_id not in self._tenants:
            self._membership_changed.set()
        self._tenants[tenant_id] = asyncio.get_running_loop().time()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _feed(self, channel: Channel) -> Feed:
        self.attend(channel.tenant_id)
        feed = self._feeds.setdefault(channel.feed, Feed(channel))
        feed.idle_since = None
        return feed

    async def _replay(self, feed: Feed, replay: Replay, after: int) -> None:
        assert feed.position is not None
        if after > feed.position:
            # Another process may have told of events that we have not heard of yet.
            await feed.catch_up()
        if not 0 <= feed.position - after <= REPLAY_LIMIT:
            await _resync(replay)
            return
        while after < feed.position:
            events = await self._following(feed, after)
            if not events or events[-1].seq != after + len(events):
                await _resync(replay)
                return
            for event in events:
                await replay(event.frame)
                after = event.seq

    async def _following(self, feed: Feed, after: int) -> list[LoggedEvent]:
        if feed.recent and feed.recent[0].seq <= after + 1:
            return [event for event in feed.recent if event.seq > after]
        events = await run_in_db_thread(read_events, feed.channel, after=after)
        feed.remember(events)
        # The log may be ahead of the feed, which will deliver the rest itself.
        assert feed.position is not None
        return [event for event in events if event.seq <= feed.position]

    def _hear(self, hint: dict[str, Any]) -> None:
        if events := hint.get("events", ()):
            facts = {"livechat.events": len(events)}
            with tracing.span("deliver", facts, parent=hint.get("trace", "")):
                for wire in events:
                    self._hear_event(wire)
        if whispered := hint.get("ephemeral"):
            feeds = [self._feeds.get(UUID(feed_id)) for feed_id in whispered["feeds"]]
            frame = encode(whispered["frame"]) if any(feeds) else ""
            for feed in filter(None, feeds):
                feed.send(frame)

    def _hear_event(self, wire: dict[str, Any]) -> None:
        feed_id = UUID(wire["feed"])
        for watch in self._watches.get(feed_id, ()):
            if watch.concerns(wire):
                watch.wake()
        if feed := self._feeds.get(feed_id):
            feed.push(LoggedEvent.from_wire(wire))

    def _hear_safely(self, hint: dict[str, Any]) -> None:
        try:
            self._hear(hint)
        except Exception:
            # Of whatever release sent it; a new channel would leave this one behind to fill up.
            logger.exception("A hint was not understood")

    async def _pump(self) -> None:
        while True:
            incoming = bus.Incoming()
            membership: asyncio.Task[None] | None = None
            try:
                await incoming.open()
                self._joined.clear()
                self._membership_changed.set()
                membership = asyncio.create_task(self._keep_membership(incoming))
                while True:
                    self._hear_safely(await incoming.receive())
            except Exception as error:
                logger.warning("No hints from Redis: %s", error or type(error).__name__)
                await asyncio.sleep(1)
            finally:
                if membership:
                    membership.cancel()

    async def _keep_membership(self, incoming: bus.Incoming) -> None:
        while True:
            await self._membership_changed.wait()
            self._membership_changed.clear()
            try:
                for tenant_id in set(self._tenants) - self._joined:
                    await incoming.join(tenant_id)
                    self._joined.add(tenant_id)
                for tenant_id in self._joined - set(self._tenants):
                    await incoming.leave(tenant_id)
                    self._joined.discard(tenant_id)
            except Exception as error:
                logger.warning("Could not follow a tenant: %s", error or type(error).__name__)
                await asyncio.sleep(0.5)
                self._membership_changed.set()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.75, 1.0))  # noqa: S311 -- jitter
            try:
                await self._compare_heads()
            except Exception as error:
                logger.warning("Could not look for new events: %s", error)
            self._forget_idle()

    async def _compare_heads(self) -> None:
        if not (self._feeds or self._watches):
            return
        heads = await run_in_db_thread(read_heads, [*self._feeds, *self._watches])
        for feed_id, watches in self._watches.items():
            for watch in watches:
                if watch.head != heads.get(feed_id, 0):
                    watch.head = heads.get(feed_id, 0)
                    watch.wake()
        for feed_id, feed in tuple(self._feeds.items()):
            head = heads.get(feed_id, 0)
            if feed.position is not None and head > feed.position:
                metrics.POLL_FINDS.inc(head - feed.position)
                await feed.catch_up()
                if feed.position < head:
                    # The log does not hold all that it has numbered.
                    feed.restart_at(head)
            elif feed.position is not None and head < feed.position:
                await self._check_restored(feed)

    async def _check_restored(self, feed: Feed) -> None:
        # It may move on while the head is being read, so that only where it was can be compared.
        known = feed.position
        head = await run_in_db_thread(read_head, feed.channel)
        if known is not None and head < known:
            feed.restart_at(head)

    def _forget_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        for feed_id, feed in tuple(self._feeds.items()):
            if feed.listeners or feed.joining:
                feed.idle_since = None
            elif feed.idle_since is None:
                feed.idle_since = now
            elif now - feed.idle_since > IDLE_SECONDS:
                del self._feeds[feed_id]
        needed = {feed.channel.tenant_id for feed in self._feeds.values()}
        for tenant_id, since in tuple(self._tenants.items()):
            if tenant_id not in needed and now - since > IDLE_SECONDS:
                del self._tenants[tenant_id]
                self._membership_changed.set()


def _age(event: LoggedEvent) -> float:
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(event.at)).total_seconds())


async def _resync(replay: Replay) -> None:
    metrics.RESYNCS.inc()
    await replay(RESYNC)


_hubs = PerLoop(Hub)


def hub() -> Hub:
    """The hub of the running loop: one per web process."""
    return _hubs.get()


async def wait_for_news(watch: Watch, *, seconds: float) -> bool:
    """True as soon as something new happened, False when the time is up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await watch.news()
            return True
    return False
