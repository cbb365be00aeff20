"""Waiting for an answer."""

from types import SimpleNamespace
from uuid import uuid4

from conversations import replies
from conversations.replies import Outcome, wait_for_outcome


async def test_who_waits_looks_up_once_a_second_at_most(monkeypatch):
    waits = []

    async def no_news_yet(watch, *, seconds):
        waits.append(seconds)
        return len(waits) == 3

    async def known(*question):
        return Outcome(handled_by_human=True)

    hub = SimpleNamespace(watch=lambda *_: None, unwatch=lambda *_: None)
    monkeypatch.setattr(replies, "hub", lambda: hub)
    monkeypatch.setattr(replies, "wait_for_news", no_news_yet)
    monkeypatch.setattr(replies, "_known", known)
    question = SimpleNamespace(conversation_id=uuid4(), seq=1, is_repeat=False, awaits_answer=True)

    outcome = await wait_for_outcome(uuid4(), question, seconds=25)

    assert outcome.handled_by_human
    assert waits == [1, 1, 1]
