"""What happens at a tenant, and somebody who hears of it."""

import asyncio
import json

from realtime.events import emit
from realtime.models import Audience
from tenants.scope import tenant_scope


class Reader:
    """A socket's end: remembers the frames that it was given."""

    def __init__(self):
        self.frames = []

    def deliver(self, frame):
        self.frames.append(json.loads(frame))

    async def replay(self, frame):
        self.deliver(frame)

    @property
    def ids(self):
        return [frame.get("id") for frame in self.frames]

    async def until(self, count, seconds=5):
        async with asyncio.timeout(seconds):
            while len(self.frames) < count:  # noqa: ASYNC110 -- a poll is plain enough
                await asyncio.sleep(0.01)


def announce(tenant, *texts, conversation_id=None):
    audience = Audience.VISITOR if conversation_id else Audience.TEAM
    with tenant_scope(tenant.id):
        for text in texts:
            emit(audience, "message:new", {"text": text}, conversation_id=conversation_id)
