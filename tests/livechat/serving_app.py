"""A small application behind the real server, run as a process of its own by the server's tests."""

import asyncio
import json
import resource
import sys
import time

import django

django.setup()

from livechat import edge, protocols, server  # noqa: E402 -- apps must be ready
from livechat.edge import Edge  # noqa: E402 -- apps must be ready
from realtime.consumer import SocketConsumer  # noqa: E402 -- apps must be ready
from tenants.errors import BadRequest, Unauthorized  # noqa: E402 -- apps must be ready

everyone = set()


class TestSocket(SocketConsumer):
    auth_deadline = 1.0
    rate_limit = 10_000

    async def authenticate(self, frame):
        if frame.get("token") != "good":
            raise Unauthorized("The token is not good.", code="bad_token")

    async def welcome(self, frame):
        everyone.add(self)
        await self.send_frame({"type": "auth:ok"})

    async def on_frame(self, frame):
        match frame["type"]:
            case "broadcast":
                for each in tuple(everyone):
                    each.deliver("x" * frame["size"])
                await self.send_frame({"type": "done"})
            case "refuse":
                raise BadRequest("No.", code="refused")
            case "crash":
                raise RuntimeError("crashed on purpose")
            case "sleep":
                await asyncio.sleep(frame["seconds"])
            case "memory":
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                await self.send_frame({"type": "memory", "peak": peak, "now": resident()})
            case _:
                await self.send_frame(frame)

    def error_frame(self, code, message, retry_after):
        if self.scope["path"] == "/vendor":
            return {"oops": code}
        return super().error_frame(code, message, retry_after)

    async def disconnect(self, code):
        everyone.discard(self)
        print(f"disconnected {code}", flush=True)  # noqa: T201 -- read by the tests


def resident():
    """This process's resident memory in KiB."""
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() // 1024


async def answer(scope, receive, send):
    if scope["path"] == "/busy":
        # Nothing else happens in this process meanwhile, which is the point.
        time.sleep(0.5)  # noqa: ASYNC251
    await asyncio.sleep({"/slow": 1.5, "/endless": 3600}.get(scope["path"], 0))
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.disconnect":
        return
    body = json.dumps({"path": scope["path"], "headers": len(scope["headers"])}).encode()
    body += b"x" * 8_000_000 if scope["path"] == "/large" else b""
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await TestSocket.as_asgi()(scope, receive, send)
    else:
        await answer(scope, receive, send)


if __name__ == "__main__":
    port, drain_seconds, patience = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    server.PING_SECONDS = protocols.HEADER_SECONDS = protocols.LARGE_FRAME_SECONDS = patience
    protocols.STALLED_SECONDS = edge.BODY_SECONDS = patience
    protocols.FIRST_REQUEST_SECONDS = 5
    server.REAP_SECONDS = min(patience, server.REAP_SECONDS)
    protocols.LARGE_FRAME_BYTES, protocols.large_frames.left = 16 * 1024, 120 * 1024
    server.make_server(
        Edge(application), host="127.0.0.1", port=port, drain_seconds=drain_seconds
    ).run()
