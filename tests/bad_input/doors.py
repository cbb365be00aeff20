"""The front doors that speak in frames: how each is opened, what is said there, how it refuses."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.leaks import leaks
from tests.wire import End

Frame = dict[str, Any]
AT = "2031-05-17T10:00:00Z"
# A socket takes 60 frames in ten seconds; each of ours is followed by a probe.
FRAMES_PER_SOCKET = 28
# What may close a socket for what a client sent: never 4500, nor 1011.
CODES = frozenset({4400, 4401, 4403, 4404, 4413, 4429})


class Patient(End):
    frame_seconds = end_seconds = 60


@dataclass(frozen=True)
class Door:
    """``hello`` lets a client in; ``greetings`` frames come before it and ``answers`` to it.

    ``probe`` is always answered, whatever was said before it, so that nobody waits in vain.
    """

    url: str
    hello: Frame
    greetings: int
    answers: int
    good: list[Frame]
    probe: Frame
    is_probed: Callable[[Frame], bool]
    is_error: Callable[[Frame], bool]
    codes: frozenset[int] = CODES

    @contextmanager
    def socket(self, *, inside=True):
        with connect(self.url, proxy=None, max_size=None) as ws:
            end = Patient(ws)
            for _ in range(self.greetings):
                end.next()
            if inside:
                end.ws.send(json.dumps(self.hello))
                for _ in range(self.answers):
                    frame = end.next()
                    assert not self.is_error(frame), frame
            yield end

    def ask(self, end, frame):
        """What is answered, and the code if the socket was closed for it. Bytes are sent as text"""
        heard = []
        try:
            is_raw = isinstance(frame, bytes)
            end.ws.send(frame if is_raw else json.dumps(frame), text=True)
            end.ws.send(json.dumps(self.probe))
            while not heard or not self.is_probed(heard[-1]):
                heard.append(end.next())
        except ConnectionClosed:
            rest, code = end.end()
            return [*heard, *rest], code or 1006
        return heard[:-1], None

    def play(self, frames):
        """Send one after the other on as many sockets as it takes; give what became of each."""
        left, became = list(frames), []
        while left:
            with self.socket() as end:
                for _ in range(min(FRAMES_PER_SOCKET, len(left))):
                    heard, code = self.ask(end, left.pop(0))
                    self.check(heard, code)
                    became.append((heard, code))
                    if code is not None:
                        break
        return became

    def check(self, heard, code):
        """Everything that was heard is the protocol's own, and nothing is closed without a word."""
        for frame in heard:
            assert not leaks(json.dumps(frame)), frame
            if "error" in (frame.get("type"), *frame):
                assert self.is_error(frame), frame
        if code is not None:
            assert code in self.codes, heard
            assert code == 1000 or self.is_error(heard[-1]), (heard, code)


def team(front):
    place = {"conversationId": front.conversation_id}
    return Door(
        f"{front.socket_url}/api/ws/tenant",
        hello={"type": "auth", "token": front.jwt},
        greetings=0,
        answers=1,
        good=[
            {"type": "typing", **place, "typing": True},
            {"type": "presence", "status": "online", **place},
            {"type": "viewing", **place},
            {"type": "auth", "token": front.jwt, "lastEventId": 1},
        ],
        probe={"type": "ping"},
        is_probed=_is_pong,
        is_error=_is_our_error,
    )


def visitor(front):
    session = {name: front.session[name] for name in ("sessionId", "sessionSecret")}
    return Door(
        f"{front.socket_url}/api/ws/chat",
        hello={"type": "auth", "token": front.shop.token, **session},
        greetings=0,
        answers=1,
        good=[
            {
                "type": "message",
                "messageId": "m",
                "text": "Hello?",
                "flowName": "",
                "language": "de",
                "variables": {},
                "additionalInput": {},
                "attachments": [],
            },
            {"type": "typing", "typing": True, "text": "Hel"},
            {"type": "read", "seq": 1},
            {"type": "tool:result", "callId": front.conversation_id, "result": 1},
        ],
        probe={"type": "ping"},
        is_probed=_is_pong,
        is_error=_is_our_error,
    )


def blits(front):
    every = {"authToken": front.api_token, "requestId": "r"}
    return Door(
        f"{front.socket_url}/",
        hello={"command": "initialize", "authToken": front.api_token},
        greetings=1,
        answers=1,
        good=[
            {
                "command": "message",
                **every,
                "message": "Hello?",
                "type": "",
                "language": "de",
                "speechResponse": False,
                "speechData": "",
                "fileData": "",
                "fileExtension": "png",
                "location": [1, 2],
                "llmAdditionalInput": "x",
            },
            {
                "command": "initialize",
                **every,
                "userId": "kim",
                "conversationId": "",
                "environment": "",
                "setCurrentLanguageTo": "de",
                "tts": {"streaming": False},
            },
            {"command": "streamUserSpeech", **every, "chunk": "UklGRg=="},
            {"command": "isActive", **every},
            {"command": "loadHistory", **every, "userId": "kim"},
            {"command": "deleteHistory", **every, "conversationId": "x"},
            {"command": "stateVariables", **every, "variables": {"a": 1}},
            {"command": "debug", **every},
        ],
        probe={"command": "probe", "requestId": "probe"},
        is_probed=lambda frame: frame.get("requestId") == "probe",
        is_error=lambda frame: (
            frame.keys() - {"requestId"} == {"error", "errorHint", "active", "conversationId"}
        ),
    )


def zeebee(front):
    return Door(
        f"{front.socket_url}/ws",
        hello={"type": "init", "api_key": front.key},
        greetings=1,
        answers=1,
        good=[
            {"type": "message", "message": "Hello?", "conversation_id": "", "model": "x"},
            {
                "type": "init",
                "api_key": front.key,
                "user_id": "kim",
                "session_token": "",
                "conversation_id": "",
                "model": "x",
                "client_info": {"a": 1},
            },
            {"type": "audio", "audio_data": "UklGRg==", "conversation_id": ""},
            {"type": "ping", "ping_id": "x"},
            {"type": "pong", "ping_id": "x", "timestamp": 1},
        ],
        probe={"type": "ping", "ping_id": "probe"},
        is_probed=lambda frame: frame.get("ping_id") == "probe",
        is_error=lambda frame: (
            frame["type"] == "error" and frame.keys() - {"conversation_id"} == {"type", "message"}
        ),
    )


def blackbox(front, *, dev=False):
    query = f"dev?authorization={front.key}" if dev else f"webCall?token={front.web_token}"
    return Door(
        f"{front.socket_url}/api/v1/ws/{query}",
        hello={"type": "initialize", "timestamp": AT, "request": {"callType": "chat"}},
        greetings=0,
        answers=2,
        good=[
            {
                "type": "incomingChatMessage",
                "timestamp": AT,
                "channelId": "c",
                "content": "Hello?",
            },
            {
                "type": "initialize",
                "timestamp": AT,
                "channelId": "c",
                "request": {"callType": "chat", "additionalData": {}, "agentId": None},
            },
            {
                "type": "websocketToolResponse",
                "timestamp": AT,
                "channelId": None,
                "content": {"id": "x", "result": 1},
            },
            {"type": "sdpAnswer", "timestamp": AT, "data": {"sdpAnswer": "v=0"}},
            {"type": "terminate", "timestamp": AT},
        ],
        probe={"type": "probe"},
        is_probed=lambda frame: frame.get("data") == {"message": "Unknown type of message"},
        is_error=lambda frame: (
            frame.keys() == {"type", "timestamp", "channelId", "data"}
            and frame["data"].keys() == {"message"}
        ),
        # What is malformed ends its sockets, and so does a client's goodbye.
        codes=CODES | {1000, 1007},
    )


def blackbox_for_servers(front):
    return blackbox(front, dev=True)


def _is_pong(frame):
    return frame == {"type": "pong"}


def _is_our_error(frame):
    names = frame.keys() - {"retryAfter", "messageId", "callId"}
    return frame["type"] == "error" and names == {"type", "code", "message"}


DOORS = {
    "team": team,
    "visitor": visitor,
    "Blits": blits,
    "ZeebeeAI": zeebee,
    "BlackBox": blackbox,
    "BlackBox for servers": blackbox_for_servers,
}
# Where in the first of the good frames the text stands.
SAYING = {"visitor": "text", "Blits": "message", "ZeebeeAI": "message", "BlackBox": "content"}
