"""What clients remember: what they sent, what they were promised, and what they were told."""

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ack:
    """A message that the server said it has stored. Not every door tells its id and number."""

    conversation_id: str
    sent_at: float
    acked_at: float
    id: str | None = None
    seq: int | None = None

    @property
    def seconds(self):
        return self.acked_at - self.sent_at


@dataclass(eq=False)
class Sent:
    """One message that a client wants to have stored; ``key`` is None where none can be sent.

    ``unknown`` counts the attempts after which the client did not know whether it was heard.
    """

    tenant_id: str
    sender: object
    text: str
    key: str | None
    invoked_at: float = field(default_factory=time.monotonic)
    unknown: int = 0
    ack: Ack | None = None


class History:
    """All that the clients of one run sent, and what went wrong on their way."""

    def __init__(self):
        self.sent = []
        self.statuses = Counter()
        self.refusals = Counter()
        self.losses = Counter()
        self.answers = {}
        self.changed_answers = []
        self.confirmed = []

    def begin(self, tenant, sender, text, *, key=None, has_key=True):
        """Note a message before it is sent. Its text holds a word that no other has."""
        key = key or uuid.uuid4().hex
        sent = Sent(tenant.id, sender, f"{text} {key}", key if has_key else None)
        self.sent.append(sent)
        return sent

    def confirm(self, sent, conversation_id, **fields):
        """Note that it was acknowledged."""
        sent.ack = Ack(conversation_id, acked_at=time.monotonic(), **fields)
        self.confirmed.append(sent.ack)
        return sent.ack

    def answered(self, sent, answer):
        """A repeated question must get the same answer."""
        if self.answers.setdefault(sent.key, answer) != answer:
            self.changed_answers.append((sent.key, self.answers[sent.key], answer))


class Feed:
    """One feed's events as one observer was told them: (number, type, message's id or None)."""

    def __init__(self, position=None):
        self.position = position
        self.events = []
        self.seen = {}
        self.gaps = []
        self.repeats = 0
        self.resyncs = 0

    def take(self, frame):
        number = frame["id"]
        if self.position is not None and number <= self.position:
            self.repeats += 1
            return
        if self.position is not None and number != self.position + 1:
            self.gaps.append((self.position, number))
        self.position = number
        message_id = None
        if frame["type"] == "message:new":
            message_id = frame["data"]["id"]
            self.seen.setdefault(message_id, time.monotonic())
        self.events.append((number, frame["type"], message_id))

    def resync(self):
        """Everything is to be read anew; what follows begins at any number."""
        self.resyncs += 1
        self.position = None
