"""A client's end of each socket, in the application's own process."""

import json
from contextlib import asynccontextmanager

from channels.testing import WebsocketCommunicator

from livechat.asgi import application

SECONDS = 10
HEADERS = [(b"host", b"testserver"), (b"user-agent", b"Firefox")]


class Line:
    """One connection; ``code`` is what the server closed it with."""

    # What is said after a frame, and how its answer is known, so that nobody waits for silence.
    marker = {"type": "ping"}
    greetings = 0

    def __init__(self, wire):
        self.wire, self.code = wire, None

    def is_marked(self, frame):
        return frame["type"] == "pong"

    def is_opened(self, frame):
        return frame["type"] == "auth:ok"

    def frame(self, name, fields):
        return {"type": name, **fields}

    async def open(self, name, fields):
        """What comes until the socket is open, or says why it is not."""
        await self.wire.send_json_to(self.frame(name, fields))
        return await self._until(lambda frame: self.is_opened(frame) or is_error(frame))

    async def say(self, name, fields):
        """What comes after this frame and before the answer to the next."""
        await self.wire.send_json_to(self.frame(name, fields))
        await self.wire.send_json_to(self.marker)
        return (await self._until(self.is_marked))[:-1]

    async def _until(self, is_last):
        """All frames up to the last one, or up to the close."""
        frames = []
        while not frames or not is_last(frames[-1]):
            message = await self.wire.receive_output(SECONDS)
            if message["type"] == "websocket.close":
                self.code = message["code"]
                return [*frames, {"type": "closed"}]
            frames.append(json.loads(message["text"]))
        return frames


class BlitsLine(Line):
    greetings = 1
    marker = {"command": "marker", "requestId": "marker"}

    def is_marked(self, frame):
        return frame.get("requestId") == "marker"

    def is_opened(self, frame):
        return frame.get("command") == "initialize"

    def frame(self, name, fields):
        return {"command": name, **fields}


class ZeebeeLine(Line):
    greetings = 1

    def is_opened(self, frame):
        return frame["type"] == "init_ack"


class BlackBoxLine(Line):
    marker = {"type": "marker"}

    def is_marked(self, frame):
        return is_error(frame) and frame["data"]["message"] == "Unknown type of message"

    def is_opened(self, frame):
        return frame.get("name") == "opened"


class Transport:
    """The connection as the server's own transport tells of it, which frames go out through."""

    def __init__(self, wire):
        self._frames = wire.output_queue

    def buffered(self):
        return 0

    def abort(self):
        self._frames.put_nowait({"type": "websocket.close", "code": 1006})

    def write_text(self, text):
        self._frames.put_nowait({"type": "websocket.send", "text": text})

    def limit_frames(self, size):
        """Whoever counts here counts for itself."""

    def use_last_words(self, words):
        """Nothing ends here that the application has not ended."""


LINES = {
    "visitor": Line,
    "tenant": Line,
    "blits": BlitsLine,
    "zeebee": ZeebeeLine,
    "webCall": BlackBoxLine,
    "dev": BlackBoxLine,
}


def is_error(frame):
    return "error" in (frame.get("type"), *frame) or frame.get("type") == "closed"


@asynccontextmanager
async def connected(name, path):
    wire = WebsocketCommunicator(application, path, headers=HEADERS)
    wire.scope["client"] = ("192.0.2.1", 50000)
    wire.scope["extensions"] = {"livechat.transport": Transport(wire)}
    assert (await wire.connect())[0]
    line = LINES[name](wire)
    for _ in range(line.greetings):
        await wire.receive_output(SECONDS)
    try:
        yield line
    finally:
        await wire.disconnect()
