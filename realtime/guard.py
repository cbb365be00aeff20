"""Closes the sockets of whoever may no longer listen: revoked, expired, logged out, suspended.

Looks every second, in a query for each kind of permission, and needs no Redis.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextvars import Context

from tenants import access, context, metrics
from tenants.access import AnyGrant
from tenants.executor import run_in_db_thread
from tenants.per_loop import PerLoop

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

Close = Callable[[str, int], None]


class Watched:
    """What one socket stands on; released when the socket closes or proves itself anew."""

    def __init__(self, guard: "Guard", grants: Collection[AnyGrant], close: Close) -> None:
        self.grants = grants
        self.close = close
        self._guard = guard

    def release(self) -> None:
        self._guard.watched.discard(self)


class Guard:
    def __init__(self) -> None:
        self.watched: set[Watched] = set()
        self._task: asyncio.Task[None] | None = None

    def watch(self, grants: Collection[AnyGrant], close: Close) -> Watched:
        if self._task is None:
            # In a context of its own, as it looks after everybody's sockets.
            self._task = asyncio.create_task(self._look_forever(), context=Context())
        watched = Watched(self, grants, close)
        self.watched.add(watched)
        return watched

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.watched:
                try:
                    await self._look()
                except Exception as error:
                    # The database is away; whoever is connected stays so until it is back.
                    logger.warning("Could not check the open sockets: %s", error)

    async def _look(self) -> None:
        grants = {grant for watched in self.watched for grant in watched.grants}
        invalid = await run_in_db_thread(access.invalid, grants)
        if not invalid:
            return
        suspended = await run_in_db_thread(access.suspended, {one.tenant_id for one in invalid})
        for watched in tuple(self.watched):
            if ended := invalid.intersection(watched.grants):
                watched.release()
                is_suspended = any(grant.tenant_id in suspended for grant in ended)
                metrics.GUARD_CLOSES.labels("suspended" if is_suspended else "revoked").inc()
                if is_suspended:
                    watched.close("tenant_suspended", 4403)
                else:
                    watched.close("unauthorized", 4401)


_guards = PerLoop(Guard)


def watch(grants: Collection[AnyGrant], close: Close) -> Watched:
    """Call ``close(code, close_code)`` as soon as any of ``grants`` is worth nothing any more.

    They are one tenant's, and what the caller does from here on is done for it. ``close`` must not
    block.
    """
    (tenant_id,) = {grant.tenant_id for grant in grants}
    context.tenant_id.set(str(tenant_id))
    return _guards.get().watch(grants, close)
