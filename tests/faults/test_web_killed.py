"""A web server dies with its hints unsent: what it committed is told all the same."""

import asyncio
import socket
from contextlib import contextmanager

from tests.faults.checker import check
from tests.faults.clients import new_session, visiting, watching
from tests.faults.history import History

BEHIND_SECONDS = 5


@contextmanager
def black_hole():
    """The address of a Redis that takes whatever it is sent and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


async def test_a_commit_is_told_though_its_server_died_before_it_could_tell(
    product, web, worker, acme, globex
):
    session, history = await new_session(web.url, acme), History()
    with black_hole() as nowhere, product.web(REDIS_URL=nowhere) as doomed:
        async with watching(web, acme) as watcher, watching(web, globex) as stranger:
            async with (
                visiting(doomed, acme, history=history) as surely,
                visiting(doomed, acme, session) as perhaps,
            ):
                stored = await surely.say("This was acknowledged.")
                unsure = perhaps.history.begin(acme, perhaps, "This was not.")
                await perhaps.send(unsure)
                doomed.kill()
            await watcher.sees(stored.id, seconds=BEHIND_SECONDS)

            async with visiting(web, acme, session, history=history) as again:
                once = await again.say("This was not.", key=unsure.key)
                await watcher.sees(once.id, seconds=BEHIND_SECONDS)
            await asyncio.sleep(1)

    check(product, history, acme, watchers=[watcher])
    assert stranger.feed.events == []
