"""Every inbound path is the same path: one dialogue, through every wire, leaves the same behind."""

import json
import re
import time
import uuid
from dataclasses import dataclass
from functools import cache, partial

import pytest

from conversations import availability, engine
from conversations.models import Conversation, Message, Turn
from realtime.log import Channel, read_events
from tests.factories import make_member, make_tenant
from tests.gateways.wires import WIRES, Rest
from tests.waiting import until
from tests.widgets.shops import make_shop, teach

QUESTION, WISH = "What are your opening hours?", "I want to talk to a human."
HANDOVER = "I will ask a person of our team to answer you here."
REPLY = "Hello, this is Kim."
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+Z")


@dataclass(frozen=True)
class Left:
    """What a dialogue left behind, as texts that two tenants have in common."""

    rows: str
    events: str
    heard: str


@pytest.fixture(scope="module")
def left_behind(live_server_url, live_worker):
    """What a wire's dialogue left, in a tenant of its own; each is had once."""
    return cache(partial(dialogue, url=live_server_url))


@pytest.mark.parametrize("kind", WIRES, ids=lambda kind: kind.__name__)
def test_a_dialogue_leaves_the_same_rows_whatever_protocol_it_was_had_in(left_behind, kind):
    assert left_behind(kind).rows == left_behind(Rest).rows


@pytest.mark.parametrize("kind", WIRES, ids=lambda kind: kind.__name__)
def test_the_team_hears_the_same_whatever_protocol_the_visitor_speaks(left_behind, kind):
    assert left_behind(kind).events == left_behind(Rest).events


@pytest.mark.parametrize("kind", WIRES, ids=lambda kind: kind.__name__)
def test_the_visitor_hears_the_same_words_in_the_same_order(left_behind, kind):
    lines = ("Agent joined the conversation.", "The assistant answers again.")
    answer = "From Help:\n\nWe open at nine. (canary)"

    heard = [text for text in json.loads(left_behind(kind).heard) if text not in lines]

    assert heard == [answer, HANDOVER, REPLY, answer]


def dialogue(kind, url):
    """A question, a wish for a person, who answers and gives back, and the question again."""
    canary = uuid.uuid4().hex
    known = f"We open at nine. {canary}"
    answer = f"From Help:\n\n{known}"
    shop = make_shop(make_tenant("Acme"), url)
    teach(shop, [{"question": QUESTION, "answer": known}])
    member = make_member(shop.tenant)
    availability.renew(shop.tenant.id, member.id)
    wire = kind(shop)
    with wire.open():
        wire.say(QUESTION)
        wire.hear(answer)
        wire.say(WISH)
        wire.hear(HANDOVER)
        wait_until_assigned(wire)
        act(wire, engine.post_reply, member, text=REPLY)
        wire.hear(REPLY)
        wire.say("Thank you, Kim.")
        wait_for(wire, 7)
        act(wire, engine.give_back)
        wire.say(QUESTION)
        wait_for(wire, 10)
        wire.hear(answer, times=2)
    return Left(*(plain(one, canary) for one in (rows(shop), events(shop), wire.heard)))


def wait_for(wire, seq):
    """Until so many messages are stored."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with wire.shop.scope():
            if Conversation.objects.get().message_seq >= seq:
                return
        time.sleep(0.02)


def wait_until_assigned(wire):
    """Until the queue has led the conversation to who is there."""

    def is_assigned():
        with wire.shop.scope():
            return Conversation.objects.get().assignee_id is not None

    until(is_assigned)


def act(wire, verb, *args, **options):
    """What a member of the team does."""
    with wire.shop.scope():
        verb(engine.team_conversation(wire.conversation_id), *args, **options)


def rows(shop):
    with shop.scope():
        (conversation,) = Conversation.objects.values(
            *("status", "owner", "epoch", "segment", "message_seq", "unread", "unanswered"),
            *("handover_reason", "handover_summary", "flow", "variables", "is_test", "language"),
            *("last_message", "qualification"),
        )
        fields = ("seq", "author_kind", "author_name", "text", "private", "status", "choices")
        return [
            conversation,
            *Message.objects.order_by("seq").values(*fields),
            *Turn.objects.order_by("question_seq").values("question_seq", "state", "reason"),
        ]


def events(shop):
    """The team's events, in their order."""
    found = read_events(Channel(shop.tenant.id), after=0)
    return [{"type": event.type, **without_channel(event.data)} for event in found]


def without_channel(data):
    return {name: value for name, value in data.items() if name != "channel"}


def plain(found, canary):
    """As text, with what differs from one tenant to the next given common names."""
    text = TIME.sub("(time)", json.dumps(found, indent=1, default=str)).replace(canary, "(canary)")
    names = {}
    return UUID.sub(lambda match: names.setdefault(match[0], f"(id {len(names) + 1})"), text)
