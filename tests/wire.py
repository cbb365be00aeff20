"""A client's end of a WebSocket to the real server, whatever protocol is spoken on it."""

import json

from websockets.exceptions import ConnectionClosed


class End:
    """How long it waits, in seconds: for a frame, for silence, and for the server to close."""

    frame_seconds, silence_seconds, end_seconds = 20, 0.5, 20

    def __init__(self, ws):
        self.ws = ws

    def next(self, *, seconds=None):
        return json.loads(self.ws.recv(timeout=seconds or self.frame_seconds))

    def is_silent(self, *, seconds=None):
        try:
            return self.ws.recv(timeout=seconds or self.silence_seconds) is None
        except TimeoutError:
            return True

    def end(self, *, seconds=None):
        """The frames that are left, and the code that the server closes with."""
        frames = []
        try:
            while True:
                frames.append(self.next(seconds=seconds or self.end_seconds))
        except ConnectionClosed as closed:
            return frames, closed.rcvd and closed.rcvd.code
