"""Tenants that are reached over ZeebeeAI's socket, and clients that were written for it."""

import json
from contextlib import contextmanager
from functools import cached_property

from websockets.sync.client import connect

from conversations import engine
from conversations.models import Conversation, Message, Turn, VisitorSession
from tenants import credentials
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_member
from tests.widgets.shops import Shop, teach
from tests.wire import End

QUESTION = "What are your opening hours?"
HEARTBEAT = ("ping", "connection_warning")


class Place:
    """A tenant with an assistant that knows one thing or nothing, and a key."""

    def __init__(self, tenant, url, answer="", **assistant):
        self.tenant, self.answer = tenant, answer
        self.assistant = make_assistant(tenant, **assistant)
        self.url = url.replace("http", "ws") + "/ws"
        self.key = self.new_key()
        if answer:
            known = [{"question": QUESTION, "answer": answer}]
            teach(Shop(tenant, self.assistant, None, url), known)

    @cached_property
    def member(self):
        return make_member(self.tenant)

    @property
    def guest_url(self):
        return f"{self.url}?tenant={self.tenant.slug}"

    def new_key(self, **fields):
        fields = {"scopes": ["chat"], **fields}
        return credentials.issue(self.tenant, Credential.Kind.API_KEY, **fields).secret

    def scope(self):
        return tenant_scope(self.tenant.id)

    def allow_guests(self, allowed=True):
        self.tenant.guests_allowed = allowed
        self.tenant.save()

    def stored(self):
        """How many rows there are of what a client can cause."""
        with self.scope():
            return {
                model.__name__: model.objects.count()
                for model in (VisitorSession, Conversation, Message)
            }

    def conversation(self, conversation_id):
        with self.scope():
            return Conversation.objects.select_related("session", "contact").get(pk=conversation_id)

    def prefers_fallback(self):
        with self.scope():
            return Turn.objects.values_list("prefers_fallback", flat=True).get()

    def texts(self, conversation_id):
        with self.scope():
            rows = Message.objects.filter(conversation_id=conversation_id).order_by("seq")
            return list(rows.values_list("author_kind", "text"))

    def do(self, verb, conversation_id, *args, **names):
        """Have the team do something with a conversation."""
        with self.scope():
            return verb(engine.team_conversation(conversation_id), *args, **names)

    def reply(self, conversation_id, text):
        return self.do(engine.post_reply, conversation_id, self.member, text=text)

    @contextmanager
    def client(self, *, guest=False, **options):
        """A connection that has said nothing yet."""
        url = self.guest_url if guest else self.url
        with connect(url, proxy=None, **options) as connection:
            client = Client(connection)
            assert client.next()["type"] == "connection_established"
            yield client

    @contextmanager
    def server(self, **fields):
        """A server that has shown its key."""
        with self.client() as client:
            client.ack = client.begin(api_key=self.key, **fields)
            yield client

    @contextmanager
    def guest(self, user_id="kim", **fields):
        """A guest who has been let in."""
        with self.client(guest=True) as client:
            client.ack = client.begin(user_id=user_id, **fields)
            yield client


class Client(End):
    """One end of the wire."""

    frame_seconds, silence_seconds = 15, 0.3

    def send(self, type, **fields):
        self.ws.send(json.dumps({"type": type, **fields}))

    def next(self, *, seconds=None):
        """The next frame that is not of the heartbeat."""
        while (frame := super().next(seconds=seconds))["type"] in HEARTBEAT:
            pass
        return frame

    def until(self, type):
        while (frame := self.next())["type"] != type:
            assert frame["type"] != "error", frame
        return frame

    def begin(self, **fields):
        self.send("init", **fields)
        ack = self.next()
        assert ack["type"] == "init_ack", ack
        return ack

    def refusal(self, type, **fields):
        """The text of the error that the frame gets."""
        self.send(type, **fields)
        return self.error()

    def error(self):
        frame = self.next()
        assert list(frame) == ["type", "message"], frame
        assert frame["type"] == "error"
        return frame["message"]

    def say(self, text=QUESTION, **fields):
        """Send a message; what follows its being stored."""
        self.send("message", message=text, **fields)
        status = self.next()
        assert status["type"] == "status", status
        return status

    def ask(self, text=QUESTION, **fields):
        """Send a message and wait for the response."""
        self.say(text, **fields)
        return self.until("response")
