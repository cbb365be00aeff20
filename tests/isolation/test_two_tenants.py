"""Whatever one tenant does, no byte of it gets to the other.

``ISOLATION_SEQUENCES`` sets how many sequences of acts are tried.
"""

import logging
import os
import random
from unittest import mock

import pytest
import redis
from django.conf import settings as django_settings
from django.core import mail
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from livechat.logs import ContextFilter, JsonLines
from tests.in_process import stop
from tests.isolation.recording_model import recording_model
from tests.isolation.sides import Side
from tests.isolation.worlds import QUICK

SEQUENCES = int(os.environ.get("ISOLATION_SEQUENCES", "2"))
ACTS = (
    Side.chat,
    Side.ask_for_the_tool,
    Side.introduce,
    Side.track,
    Side.read,
    Side.write_by_blits,
    Side.write_by_sockets,
    Side.reply,
    Side.note,
    Side.qualify,
    Side.close_one,
    Side.give_back,
    Side.integrate,
    Side.look,
    Side.learn,
    Side.erase,
    Side.work,
)


class Lines(logging.Handler):
    """The log as the product writes it in production."""

    def __init__(self):
        super().__init__()
        self.addFilter(ContextFilter())
        self.setFormatter(JsonLines())
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


class TwoTenants(RuleBasedStateMachine):
    server = log = bus = None

    def __init__(self):
        super().__init__()
        self.acts = 0
        self.sides = [Side(name, self.server) for name in ("acme", "globex")]
        for side in self.sides:
            # Something of each is there from the beginning, a question that a model answered too.
            self._act(side, Side.learn, 0)
            for label in side.visitors:
                side.ask_for_the_tool(label)
            self._act(side, Side.work, 0)

    @rule(seed=st.integers(0, 2**32))
    def somebody_acts(self, seed):
        """Who, what and for whom is drawn here, so that the simplest sequence is one as well."""
        self.acts += 1
        chance = random.Random(f"{seed} {self.acts}")
        who, act, visitor = chance.randrange(2), chance.choice(ACTS), chance.randrange(2)
        note(f"{['acme', 'globex'][who]}: {act.__name__}")
        side, other = self.sides[who], self.sides[1 - who]
        before = other.fingerprint()

        self._act(side, act, visitor)

        assert other.fingerprint() == before

    def _act(self, side, act, visitor):
        act(side, list(side.visitors)[visitor])

    def teardown(self):
        for side in self.sides:
            side.listen()
        for side, other in (self.sides, self.sides[::-1]):
            holds = {
                "its rows": side.rows(),
                "what it heard": side.heard,
                "what its model and its tools were told": self.told(side),
                "its channel": self.published(side),
            }
            for what, texts in holds.items():
                found = [text for text in map(str, texts) if other.canary in text]
                assert found == [], what
                assert side.canary in str(texts), what
            self.nobody_is_told_of_another_visitor(side)
            self.nothing_is_kept_elsewhere(side)
            side.close()

    def told(self, side):
        return self.server.told[f"Bearer {side.key}"]

    def published(self, side):
        tenant = str(side.tenant.id)
        return [
            message["data"].decode("latin-1")
            for message in self.messages()
            if tenant in message["channel"].decode("latin-1")
        ]

    def messages(self):
        while message := self.bus.get_message():
            if message["type"] == "pmessage":
                self.seen.append(message)
        return self.seen

    def nobody_is_told_of_another_visitor(self, side):
        for text in self.told(side):
            about = [label for label in side.visitors if f"{side.canary}-{label}-" in text]
            assert len(about) <= 1, text

    def nothing_is_kept_elsewhere(self, side):
        assert [line for line in self.log.lines if side.canary in line] == []
        assert [
            one for one in getattr(mail, "outbox", ()) if side.canary in str(one.message())
        ] == []
        client = redis.Redis.from_url(django_settings.REDIS_URL)
        for key in client.scan_iter(count=1000):
            kept = key + (client.dump(key) or b"")
            assert side.canary.encode() not in kept, key
        client.close()


@pytest.fixture
def surroundings(database, settings):
    settings.PASSWORD_HASHERS = QUICK
    settings.CHAT_WAIT_SECONDS = 0
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    bus = client.pubsub()
    bus.psubscribe("*")
    log = Lines()
    logging.getLogger().addHandler(log)
    with (
        recording_model() as server,
        mock.patch.multiple(TwoTenants, server=server, log=log, bus=bus, create=True),
    ):
        settings.INTERNAL_HOSTS = [server.url.partition("//")[2]]
        TwoTenants.seen = []
        yield server
    stop()
    logging.getLogger().removeHandler(log)
    bus.close()
    client.close()


@pytest.mark.usefixtures("surroundings")
def test_no_byte_of_one_tenant_gets_to_the_other():
    run_state_machine_as_test(
        TwoTenants,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=40,
            derandomize="ISOLATION_SEQUENCES" not in os.environ,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
