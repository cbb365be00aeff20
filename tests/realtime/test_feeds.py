import asyncio
import time
from functools import partial

import pytest
from django.db import OperationalError

from realtime import bus, feeds
from realtime.ephemeral import whisper
from realtime.events import emit, rewrite
from realtime.feeds import Feed, Hub
from realtime.log import Channel, read_events, read_head
from realtime.models import Audience, Event, Head
from tenants.executor import run_in_db_thread
from tenants.ids import uuid7
from tenants.scope import platform_scope, tenant_scope
from tests.figures import figure
from tests.realtime.reading import Reader, announce


@pytest.fixture
async def hub():
    hub = Hub()
    yield hub
    await hub.close()


@pytest.fixture
def deaf(monkeypatch):
    """Redis loses every hint."""
    monkeypatch.setattr(bus, "publish", lambda tenant_id, message: None)


async def test_a_listener_gets_what_happens_and_nothing_of_another_tenant(hub, acme, globex):
    reader, stranger = Reader(), Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    await hub.subscribe(Channel(globex.id), stranger.deliver, stranger.replay)

    await run_in_db_thread(announce, acme, "one", "two")
    await reader.until(2)

    assert [(f["id"], f["type"], f["data"]) for f in reader.frames] == [
        (1, "message:new", {"text": "one"}),
        (2, "message:new", {"text": "two"}),
    ]
    assert stranger.frames == []


async def test_a_returning_listener_gets_exactly_what_it_missed(hub, acme):
    await run_in_db_thread(announce, acme, "one", "two", "three")
    reader = Reader()

    position = await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay, after=1)

    assert (position, reader.ids) == (3, [2, 3])


async def test_events_that_happen_during_a_replay_follow_it_in_order(hub, acme):
    await run_in_db_thread(announce, acme, *map(str, range(20)))
    reader = Reader()

    async def slow_replay(frame):
        reader.deliver(frame)
        if len(reader.frames) == 5:
            await run_in_db_thread(announce, acme, "meanwhile")
            await asyncio.sleep(0.2)

    await hub.subscribe(Channel(acme.id), reader.deliver, slow_replay, after=0)
    await run_in_db_thread(announce, acme, "after")
    await reader.until(22)

    assert reader.ids == list(range(1, 23))


async def test_lost_hints_cost_no_event(hub, acme, deaf):
    reader, found = Reader(), figure("livechat_feed_poll_finds_total")
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)

    await run_in_db_thread(announce, acme, "one", "two")
    await reader.until(2, seconds=3)

    assert reader.ids == [1, 2]
    assert figure("livechat_feed_poll_finds_total") == found + 2


async def test_what_began_in_one_tenants_scope_serves_all_of_them_afterwards(
    hub, acme, globex, deaf
):
    def attend_in_scope():
        with tenant_scope(acme.id):
            loop.call_soon_threadsafe(hub.attend, acme.id)

    loop = asyncio.get_running_loop()
    await run_in_db_thread(attend_in_scope)
    readers = {tenant: Reader() for tenant in (acme, globex)}
    for tenant, reader in readers.items():
        await hub.subscribe(Channel(tenant.id), reader.deliver, reader.replay)

    for tenant, reader in readers.items():
        await run_in_db_thread(announce, tenant, "one")
        await reader.until(1, seconds=3)

    assert [reader.ids for reader in readers.values()] == [[1], [1]]


async def test_a_gap_is_filled_from_the_log_before_what_follows_it(hub, acme, monkeypatch):
    # No look at the log finds it sooner.
    monkeypatch.setattr(feeds, "POLL_SECONDS", 60)
    reader, healed = Reader(), figure("livechat_feed_gaps_healed_total")
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    with monkeypatch.context() as patch:
        patch.setattr(bus, "publish", lambda tenant_id, message: None)
        await run_in_db_thread(announce, acme, "lost hint")

    await run_in_db_thread(announce, acme, "heard")
    await reader.until(2)

    assert reader.ids == [1, 2]
    assert figure("livechat_feed_gaps_healed_total") == healed + 1


async def test_a_repeated_or_late_hint_changes_nothing(hub, acme):
    reader = Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    await run_in_db_thread(announce, acme, "one")
    await reader.until(1)

    hint = {"feed": str(acme.id), "seq": 1, "type": "message:new", "data": {}, "at": ""}
    hub._hear({"events": [hint, hint]})

    assert reader.ids == [1]


@pytest.mark.parametrize("after", [-1, 7])
async def test_a_cursor_that_means_nothing_gets_one_resync(hub, acme, after):
    await run_in_db_thread(announce, acme, "one")
    reader = Reader()

    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay, after=after)

    assert [frame["type"] for frame in reader.frames] == ["resync"]


async def test_a_cursor_older_than_the_log_gets_one_resync(hub, acme):
    await run_in_db_thread(announce, acme, "one", "two", "three")

    def forget():
        with platform_scope("test"):
            Event.objects.filter(tenant_id=acme.id, seq__lte=2).delete()

    await run_in_db_thread(forget)
    late, recent = Reader(), Reader()

    await hub.subscribe(Channel(acme.id), late.deliver, late.replay, after=0)
    await hub.subscribe(Channel(acme.id), recent.deliver, recent.replay, after=2)

    assert [frame["type"] for frame in late.frames] == ["resync"]
    assert recent.ids == [3]


async def test_a_log_restored_from_a_backup_makes_listeners_start_afresh(hub, acme, deaf):
    await run_in_db_thread(announce, acme, "one", "two")
    reader = Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)

    def restore():
        Head.objects.filter(feed=acme.id).update(seq=1)
        with platform_scope("test"):
            Event.objects.filter(tenant_id=acme.id, seq=2).delete()

    await run_in_db_thread(restore)
    await reader.until(1, seconds=3)
    await run_in_db_thread(announce, acme, "two again")
    await reader.until(2, seconds=3)

    assert [(f["type"], f.get("id")) for f in reader.frames] == [
        ("resync", None),
        ("message:new", 2),
    ]


async def test_what_happens_while_the_log_is_read_is_no_sign_of_a_backup(hub, acme, monkeypatch):
    reader = Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    feed = hub._feeds[acme.id]

    def read_slowly(channel):
        head = read_head(channel)
        announce(acme, "meanwhile")
        while feed.position == head:
            time.sleep(0.01)
        return head

    monkeypatch.setattr(feeds, "read_head", read_slowly)
    await hub._check_restored(feed)

    assert reader.ids == [1]


async def test_ephemeral_frames_carry_no_id_and_stay_in_their_feed(hub, acme, globex):
    reader, stranger = Reader(), Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    await hub.subscribe(Channel(globex.id), stranger.deliver, stranger.replay)
    await asyncio.sleep(0.3)

    whisper(acme.id, "typing", {"conversationId": "c"}, to_team=True)
    await reader.until(1)

    assert reader.frames == [{"type": "typing", "data": {"conversationId": "c"}}]
    assert stranger.frames == []


async def test_an_unsubscribed_listener_hears_nothing(hub, acme):
    reader, other = Reader(), Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    await hub.subscribe(Channel(acme.id), other.deliver, other.replay)

    hub.unsubscribe(Channel(acme.id), reader.deliver)
    await run_in_db_thread(announce, acme, "one")
    await other.until(1)

    assert reader.frames == []


async def test_a_watch_is_woken_by_what_concerns_it(hub, acme):
    channel = Channel(acme.id, acme.id)
    watch = hub.watch(channel, lambda event: event["data"]["text"] == "answer")
    await asyncio.sleep(0.3)

    await run_in_db_thread(announce, acme, "question", conversation_id=acme.id)
    assert not await feeds.wait_for_news(watch, seconds=0.3)

    await run_in_db_thread(announce, acme, "answer", conversation_id=acme.id)
    assert await feeds.wait_for_news(watch, seconds=5)


async def test_a_reader_that_is_slower_than_a_feed_is_patient_still_hears_what_follows(
    hub, acme, monkeypatch
):
    monkeypatch.setattr(feeds, "IDLE_SECONDS", 0)
    await run_in_db_thread(announce, acme, "one")
    reader = Reader()

    async def slow_replay(frame):
        for _ in range(2):
            await asyncio.sleep(0.01)
            hub._forget_idle()
        reader.deliver(frame)

    await hub.subscribe(Channel(acme.id), reader.deliver, slow_replay, after=0)
    await run_in_db_thread(announce, acme, "two")
    await reader.until(2, seconds=3)

    assert reader.ids == [1, 2]


async def test_a_feed_that_could_not_be_opened_is_forgotten(hub, acme, monkeypatch):
    reader = Reader()

    def away(channel):
        raise OperationalError("away")

    monkeypatch.setattr(feeds, "IDLE_SECONDS", 0)
    monkeypatch.setattr(feeds, "read_head", away)
    with pytest.raises(OperationalError):
        await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)

    for _ in range(2):
        await asyncio.sleep(0.01)
        hub._forget_idle()

    assert hub._feeds == {}


async def test_a_listener_that_fails_takes_no_event_from_the_others(hub, acme):
    readers = [Reader(), Reader()]

    def failing(frame):
        raise RuntimeError("boom")

    await hub.subscribe(Channel(acme.id), readers[0].deliver, readers[0].replay)
    await hub.subscribe(Channel(acme.id), failing, readers[0].replay)
    await hub.subscribe(Channel(acme.id), readers[1].deliver, readers[1].replay)

    await run_in_db_thread(announce, acme, "one", "two")
    for reader in readers:
        await reader.until(2, seconds=5)

    assert [reader.ids for reader in readers] == [[1, 2], [1, 2]]


async def test_a_hint_that_nobody_understands_is_the_only_one_lost(hub, acme):
    reader = Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)
    await asyncio.sleep(0.3)

    bus.publish(acme.id, {"ephemeral": {"feeds": ["None"]}})
    whisper(acme.id, "typing", {}, to_team=True)
    await reader.until(1)

    assert reader.frames == [{"type": "typing", "data": {}}]


async def test_a_cursor_that_another_process_gave_is_good_here_before_we_heard_of_it(
    hub, acme, deaf
):
    await hub.position(Channel(acme.id))
    await run_in_db_thread(announce, acme, "one", "two")
    reader = Reader()

    position = await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay, after=2)

    assert (position, reader.frames) == (2, [])


async def test_events_that_the_log_lost_make_listeners_start_afresh(hub, acme, deaf):
    reader = Reader()
    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay)

    def lose():
        announce(acme, "one", "two", "three")
        with platform_scope("test"):
            Event.objects.filter(tenant_id=acme.id, seq=2).delete()

    await run_in_db_thread(lose)
    await reader.until(2, seconds=3)
    await run_in_db_thread(announce, acme, "four")
    await reader.until(3, seconds=3)
    late = Reader()
    await Hub._replay(hub, hub._feeds[acme.id], late.replay, 0)

    assert [frame.get("id", frame["type"]) for frame in reader.frames] == [1, "resync", 4]
    assert [frame.get("id", frame["type"]) for frame in late.frames] == ["resync"]


async def test_a_replay_sends_nothing_that_the_feed_will_send_again(hub, acme, deaf):
    watcher, reader = Reader(), Reader()
    await run_in_db_thread(announce, acme, "one", "two")
    await hub.subscribe(Channel(acme.id), watcher.deliver, watcher.replay)
    hub._feeds[acme.id].recent.clear()
    await run_in_db_thread(announce, acme, "in the log, and not yet heard of")

    await hub.subscribe(Channel(acme.id), reader.deliver, reader.replay, after=0)
    await reader.until(3)
    await asyncio.sleep(0.1)

    assert reader.ids == [1, 2, 3]
    assert watcher.ids == [3]


async def test_what_was_rewritten_is_not_remembered(hub, acme):
    reader, later = Reader(), Reader()
    conversation_id = uuid7()
    channel = Channel(acme.id, conversation_id)
    await hub.subscribe(channel, reader.deliver, reader.replay)
    await run_in_db_thread(partial(announce, acme, "secret", conversation_id=conversation_id))
    await reader.until(1)

    await run_in_db_thread(erase, acme, conversation_id)
    await reader.until(2)
    await hub.subscribe(channel, later.deliver, later.replay, after=0)

    assert reader.frames[0]["data"] == {"text": "secret"}
    assert [frame["data"] for frame in later.frames] == [{"text": ""}, {}]


def erase(tenant, conversation_id):
    with tenant_scope(tenant.id):
        rewrite(conversation_id, {"message": {"text": "", "status": "erased"}})
        emit(Audience.VISITOR, "conversation:erased", {}, conversation_id=conversation_id)


async def test_what_comes_before_a_feed_is_opened_is_bounded_and_not_lost(hub, acme, monkeypatch):
    monkeypatch.setattr(feeds, "AHEAD_LIMIT", 3)
    feed = Feed(Channel(acme.id))
    reader = Reader()
    feed.listeners.add(reader.deliver)
    await feed.open()
    feed.position, position = None, feed.position
    await run_in_db_thread(announce, acme, *map(str, range(6)))

    for event in await run_in_db_thread(read_events, feed.channel, after=0):
        feed.push(event)
    held = len(feed._ahead)
    feed.position = position
    await feed.catch_up()

    assert held == 3
    assert reader.ids == list(range(1, 7))
