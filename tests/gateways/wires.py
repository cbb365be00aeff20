"""One client for each protocol, so that one dialogue can be had through all of them.

Each is made for a shop; ``say`` sends a message, ``hear`` waits for what the other side says.
"""

import json
import time
import uuid
from contextlib import contextmanager

import httpx
from websockets.sync.client import connect

from conversations.models import Conversation
from gateways.blackbox.integrations import create_integration, issue_token
from tenants import credentials
from tenants.models import Credential
from tests.gateways.blits.tokens import api_token
from tests.widgets.shops import PLAIN

SECONDS = 15


class Wire:
    """What was heard of the other side so far, in order."""

    def __init__(self, shop):
        self.shop = shop
        self.heard = []

    @property
    def conversation_id(self):
        with self.shop.scope():
            return Conversation.objects.values_list("id", flat=True).get()

    @contextmanager
    def open(self):
        yield self


class Rest(Wire):
    """The Live Chat API over HTTP."""

    @contextmanager
    def open(self):
        self.label, self.secret, self.known = f"session-{uuid.uuid4().hex}", "", 0
        yield self

    def say(self, text):
        with self.shop.client(secret=self.secret) as client:
            answer = client.post("chat", json={"sessionId": self.label, "message": text}).json()
        self.secret = answer.get("sessionSecret", self.secret)

    def hear(self, text, times=1):
        deadline = time.monotonic() + SECONDS
        while self.heard.count(text) < times and time.monotonic() < deadline:
            self._read()

    def _read(self):
        path = f"conversations/{self.conversation_id}/messages"
        with self.shop.client(secret=self.secret) as client:
            found = client.get(path, params={"sessionId": self.label}).json()["results"]
        new = [message for message in reversed(found) if message["seq"] > self.known]
        self.known = max((message["seq"] for message in found), default=0)
        self.heard += [one["text"] for one in new if one["author"]["kind"] != "visitor"]


class BlitsRest(Wire):
    """Blits over HTTP: what a person said comes with the next answer."""

    @contextmanager
    def open(self):
        headers = {"Authorization": f"Bearer {api_token(self.shop)}"}
        base = f"{self.shop.url}/api/external/"
        options = {"base_url": base, "headers": headers, "timeout": SECONDS}
        with httpx.Client(**options, verify=PLAIN, trust_env=False) as self.client:
            self.id = self.client.post("initialize", json={}).json()["conversationId"]
            yield self

    def say(self, text):
        self.heard += self.client.post(f"messages/{self.id}/text", json={"message": text}).json()[
            "response"
        ]

    def hear(self, text, times=1):
        """Nothing is heard before something is said."""


class Socket(Wire):
    """A socket: its ``path``, the frames that ``begin``, and the ``texts`` that a frame tells."""

    path = ""

    @contextmanager
    def open(self):
        url = self.shop.url.replace("http", "ws") + self.path
        with connect(url, proxy=None, open_timeout=SECONDS) as self.ws:
            self.begin()
            yield self

    def begin(self):
        """Say who we are."""

    def send(self, **frame):
        self.ws.send(json.dumps(frame))

    def next(self):
        return json.loads(self.ws.recv(timeout=SECONDS))

    def until(self, kind, name="type"):
        while (frame := self.next()).get(name) != kind:
            assert "error" not in (frame.get("type"), *frame), frame
        return frame

    def hear(self, text, times=1):
        while self.heard.count(text) < times:
            self.heard += self.texts(self.next())


class ChatSocket(Socket):
    path = "/api/ws/chat"

    def begin(self):
        with self.shop.client(token="", widget_id=self.shop.bubble.code) as client:
            session = client.post("session", json={}).json()
        known = {name: session[name] for name in ("sessionId", "sessionSecret")}
        self.send(type="auth", token=self.shop.token, **known)
        self.until("auth:ok")

    def say(self, text):
        self.send(type="message", messageId=uuid.uuid4().hex, text=text)

    def texts(self, frame):
        is_new = frame["type"] == "message:new"
        theirs = is_new and frame["data"]["author"]["kind"] != "visitor"
        return [frame["data"]["text"]] if theirs else []


class BlitsSocket(Socket):
    path = "/"

    def begin(self):
        self.token = api_token(self.shop)
        self.command("initialize")
        self.until("initialize", "command")

    def command(self, command, **fields):
        self.send(command=command, authToken=self.token, **fields)

    def say(self, text):
        self.command("message", message=text)

    def texts(self, frame):
        return [frame["response"]] if frame["command"] == "message" else []


class Zeebee(Socket):
    path = "/ws"

    def begin(self):
        kind = Credential.Kind.API_KEY
        key = credentials.issue(self.shop.tenant, kind, scopes=["chat"]).secret
        self.send(type="init", api_key=key)
        self.until("init_ack")

    def say(self, text):
        self.send(type="message", message=text)

    def texts(self, frame):
        return [frame["text"]] if frame["type"] == "response" else []


class BlackBox(Socket):
    @property
    def path(self):
        with self.shop.scope():
            integration = create_integration(name="Shop", assistant=self.shop.assistant)
            token = issue_token(integration, name="Page").secret
        return f"/api/v1/ws/webCall?token={token}"

    def begin(self):
        self.tell("initialize", request={"callType": "chat"})
        self.until("opened", "name")

    def tell(self, type, **fields):
        self.send(type=type, timestamp="2031-05-17T10:00:00Z", **fields)

    def say(self, text):
        self.tell("incomingChatMessage", content=text)

    def texts(self, frame):
        theirs = frame["type"] == "text" and frame["content"]["source"] == "assistant"
        return [frame["content"]["text"]] if theirs else []


WIRES = (Rest, ChatSocket, BlitsRest, BlitsSocket, Zeebee, BlackBox)
