import asyncio
import threading
import time

import pytest
from celery import current_app

from realtime import bus
from tenants import context, metrics
from tests.figures import figure
from tests.realtime.queues import own_queue


@pytest.fixture
def queue():
    with own_queue() as queue:
        yield queue


def test_a_job_knows_the_request_that_it_goes_back_to_and_no_earlier_one(queue):
    @current_app.task(name=f"{queue.queue.name}.task")
    def tell(number):
        return number, context.request_id.get()

    for number, request_id in enumerate(["request-one", ""]):
        token = context.request_id.set(request_id)
        bus.nudge(tell.name, number=number)
        context.request_id.set("another request of this thread")
        message = queue.get(timeout=10)
        message.ack()

        arguments = message.payload[1]
        tell.push_request(headers=message.headers)
        tell.before_start(message.headers["id"], (), arguments)

        assert tell(**arguments) == (number, request_id)
        tell.pop_request()
        context.request_id.reset(token)


async def test_hints_that_waited_too_long_are_dropped_and_fresh_ones_sent(acme, monkeypatch):
    sent, release = [], threading.Event()

    async def send(self, one):
        sent.append(one.message["number"])
        await asyncio.to_thread(release.wait, 5)

    monkeypatch.setattr(bus.Outgoing, "_send", send)
    monkeypatch.setattr(bus, "FRESH_SECONDS", 0.3)
    outgoing, labels = bus.Outgoing(), {"to": "sockets", "outcome": "stale"}
    stale = figure("livechat_hints_total", **labels)

    outgoing.put("group", {"number": 1})
    await asyncio.sleep(0.1)
    outgoing.put("group", {"number": 2})
    await asyncio.sleep(0.4)
    outgoing.put("group", {"number": 3})
    release.set()
    async with asyncio.timeout(5):
        while len(sent) < 2:  # noqa: ASYNC110 -- a poll is plain enough
            await asyncio.sleep(0.01)

    assert sent == [1, 3]
    assert figure("livechat_hints_total", **labels) == stale + 1


def test_what_waits_for_a_group_goes_out_in_few_messages_and_in_its_order():
    outgoing = bus.Outgoing()
    words = [{"feeds": ["feed"], "frame": {"number": number}} for number in range(5)]
    hints = [
        ("one", {"type": "hint", "ephemeral": words[0]}),
        ("two", {"type": "hint", "events": [1]}),
        ("one", {"type": "hint", "ephemeral": words[1]}),
        ("one", {"type": "hint", "ephemeral": words[2]}),
        ("one", {"type": "hint", "events": [2]}),
        ("two", {"type": "hint", "events": [3, 4]}),
        (None, {"task": "answer"}),
        (None, {"task": "answer"}),
        ("one", {"type": "hint", "ephemeral": words[3]}),
        ("one", {"type": "hint", "ephemeral": words[4], "trace": "00-1"}),
    ]
    outgoing._queue.extend((time.monotonic(), *hint) for hint in hints)

    sent = outgoing._next()

    def told(group):
        return [(one.message, one.hints) for one in sent if one.group == group]

    assert told("one") == [
        ({"type": "hint", "whispers": words[:3]}, 3),
        (hints[4][1], 1),
        (hints[8][1], 1),
        (hints[9][1], 1),
    ]
    assert told("two") == [({"type": "hint", "events": [1, 3, 4]}, 2)]
    assert told(None) == [({"task": "answer"}, 1)] * 2


def test_while_redis_is_away_the_oldest_hints_are_dropped(monkeypatch):
    sending, release = threading.Event(), threading.Event()

    async def send(self, one):
        sending.set()
        await asyncio.to_thread(release.wait, 5)

    monkeypatch.setattr(bus.Outgoing, "_send", send)
    monkeypatch.setattr(bus, "QUEUE_LIMIT", 3)
    outgoing = bus.Outgoing()

    outgoing.put("group", {"number": 0})
    assert sending.wait(5)
    for number in range(1, 6):
        outgoing.put("group", {"number": number})
    waiting = [message["number"] for _, _, message in outgoing._queue]
    release.set()

    assert waiting == [3, 4, 5]


def test_hints_are_counted_without_a_look_for_their_labels(monkeypatch):
    monkeypatch.setattr(metrics.HINTS, "labels", None)
    before = figure("livechat_hints_total", to="worker", outcome="dropped")

    bus._count(None, "dropped")

    assert figure("livechat_hints_total", to="worker", outcome="dropped") == before + 1
