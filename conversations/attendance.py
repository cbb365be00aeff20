"""Which conversations a visitor's socket is open for, in any process, as far as Redis knows."""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from contextvars import Context
from itertools import islice
from uuid import UUID

from realtime import notes
from realtime.log import Channel
from tenants.errors import Unavailable
from tenants.per_loop import PerLoop

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LOOKS_BETWEEN = 20
NOTED_SECONDS = 50
# Another process may have a socket of the same conversation, and says so again.
GONE_SECONDS = 3
AT_ONCE = 500
NOTE_ALL = """
for _, key in ipairs(KEYS) do
    redis.call('SET', key, 1, 'EX', ARGV[1])
end
"""


class Attendance:
    """The sockets of this process; noted together, at most once a second."""

    def __init__(self) -> None:
        self._here: Counter[Channel] = Counter()
        self._came: set[Channel] = set()
        self._went: set[Channel] = set()
        self._task: asyncio.Task[None] | None = None

    def come(self, channel: Channel) -> None:
        if self._task is None:
            # In a context of its own, as it notes everybody's sockets.
            self._task = asyncio.create_task(self._note_forever(), context=Context())
        self._here[channel] += 1
        self._came.add(channel)
        self._went.discard(channel)

    def go(self, channel: Channel) -> None:
        self._here[channel] -= 1
        if self._here[channel] <= 0:
            del self._here[channel]
            self._came.discard(channel)
            self._went.add(channel)

    async def _note_forever(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            looks += 1
            here = set(self._here) if looks % LOOKS_BETWEEN == 0 else self._came
            went, self._came, self._went = self._went, set(), set()
            try:
                await asyncio.to_thread(_note, here, NOTED_SECONDS)
                await asyncio.to_thread(_note, went, GONE_SECONDS)
            except Unavailable:
                logger.debug("Nobody is told which visitors are there")


def is_here(tenant_id: UUID, conversation_id: UUID) -> bool:
    """Whether a visitor follows a conversation at this moment. Raises Unavailable."""
    key = _key(Channel(tenant_id, conversation_id))
    return bool(notes.ask(lambda redis: redis.exists(key)))


def _note(channels: Collection[Channel], seconds: int) -> None:
    rest = iter(channels)
    while some := list(islice(rest, AT_ONCE)):
        notes.run(NOTE_ALL, [_key(channel) for channel in some], seconds)


def _key(channel: Channel) -> str:
    return f"visitor-here:{channel.tenant_id}:{channel.conversation_id}"


_attendances = PerLoop(Attendance)


def attendance() -> Attendance:
    """That of the running loop: one per web process."""
    return _attendances.get()
