"""The baseline of a fan-out: an application that does nothing else, behind the product's server.

``python -m benchmarks.bare PORT``. Whatever arrives in a frame at ``/publish`` goes to every
socket that is open at another path.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from livechat.server import make_server

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
everyone: set[Send] = set()


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Send
) -> None:
    if scope["type"] == "websocket":
        await _serve(scope["path"], receive, send)
    elif scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def _serve(path: str, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    if path != "/publish":
        everyone.add(send)
    while (message := await receive())["type"] == "websocket.receive":
        await _publish(message["text"])
    everyone.discard(send)


async def _publish(text: str) -> None:
    frame = {"type": "websocket.send", "text": text}
    for send in tuple(everyone):
        await send(frame)


if __name__ == "__main__":
    port = int(sys.argv[1])
    make_server("benchmarks.bare:application", host="127.0.0.1", port=port, drain_seconds=0).run()
