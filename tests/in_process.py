"""The whole application in the tests' own process, on a loop that a thread of its own runs."""

import asyncio
import threading
from functools import cache

from livechat.asgi import application
from realtime.feeds import hub
from tests.livechat.asgi_client import Client

REQUEST_SECONDS = 60
STOP_SECONDS = 10


def request(method, path, *, headers=(), body=b"", chunks=None):
    """The answer to one request, through the front door that the server has."""
    asking = Client(application).request(method, path, headers=headers, chunks=chunks or [body])
    return run(asking)


def run(work):
    """What a coroutine comes to where the application runs."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(REQUEST_SECONDS)


def stop():
    """End what the application does by itself."""
    loop = _loop()
    asyncio.run_coroutine_threadsafe(_close(), loop).result(STOP_SECONDS)
    loop.call_soon_threadsafe(loop.stop)
    _loop.cache_clear()


@cache
def _loop():
    loop = asyncio.new_event_loop()
    threading.Thread(target=_serve, args=[loop], daemon=True).start()
    return loop


def _serve(loop):
    loop.run_forever()
    loop.close()


async def _close():
    await hub().close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
