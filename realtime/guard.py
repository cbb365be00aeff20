"""Closes the sockets of whoever may no longer listen: revoked, expired, logged out, suspended.

Looks every second, in a query for each kind of permission, and needs no Redis.
"""

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context

from tenants import access, context, metrics
from tenants.access import AnyGrant
from tenants.executor import run_in_db_thread
from tenants.per_loop import PerLoop

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

Close = Callable[[str, int], None]


class Watched:
    """One socket's standing permission; released when the socket closes or proves itself anew."""

    def __init__(self, guard: "Guard", grant: AnyGrant, close: Close) -> None:
        self.grant = grant
        self.close = close
        self._guard = guard

    def release(self) -> None:
        self._guard.watched.discard(self)


class Guard:
    def __init__(self) -> None:
        self.watched: set[Watched] = set()
        self._task: asyncio.Task[None] | None = None

    def watch(self, grant: AnyGrant, close: Close) -> Watched:
        if self._task is None:
            # In a context of its own, as it looks after everybody's sockets.
            self._task = asyncio.create_task(self._look_forever(), context=Context())
        watched = Watched(self, grant, close)
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
        grants = {watched.grant for watched in self.watched}
        invalid = await run_in_db_thread(access.invalid, grants)
        if not invalid:
            return
        suspended = await run_in_db_thread(access.suspended, {one.tenant_id for one in invalid})
        for watched in tuple(self.watched):
            if watched.grant in invalid:
                watched.release()
                is_suspended = watched.grant.tenant_id in suspended
                metrics.GUARD_CLOSES.labels("suspended" if is_suspended else "revoked").inc()
                if is_suspended:
                    watched.close("tenant_suspended", 4403)
                else:
                    watched.close("unauthorized", 4401)


_guards = PerLoop(Guard)


def watch(grant: AnyGrant, close: Close) -> Watched:
    """Call ``close(code, close_code)`` as soon as ``grant`` is worth nothing any more.

    ``close`` must not block. What the caller does from here on is done for the grant's tenant.
    """
    context.tenant_id.set(str(grant.tenant_id))
    return _guards.get().watch(grant, close)
