"""Tenants that are reached over BlackBox's sockets, and clients that were written for it."""

import json
from contextlib import contextmanager
from functools import cached_property

from websockets.sync.client import connect

from conversations import engine
from conversations.models import Conversation, Message, VisitorSession
from gateways.blackbox.integrations import create_integration, issue_token
from tenants import credentials
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_member
from tests.widgets.shops import Shop, teach
from tests.wire import End

QUESTION = "What are your opening hours?"
AT = "2031-05-17T10:00:00Z"


class Place:
    """A tenant with a web integration and a key; its assistant knows one thing or nothing."""

    def __init__(self, tenant, url, answer="", **integration):
        # Without limits, as all clients of the tests have one address.
        tenant.is_demo = True
        tenant.save()
        self.answer = answer
        self.tenant, self.url = tenant, url.replace("http", "ws") + "/api/v1/ws"
        self.assistant = make_assistant(tenant)
        if answer:
            known = [{"question": QUESTION, "answer": answer}]
            teach(Shop(tenant, self.assistant, None, url), known)
        with self.scope():
            self.integration = create_integration(name="Shop", **integration)
            self.issued = issue_token(self.integration, name="Page")
        self.token, self.key = self.issued.secret, self.new_key()

    @cached_property
    def member(self):
        return make_member(self.tenant)

    @property
    def values(self):
        """What recordings call this place's own."""
        return {"token": self.token, "key": self.key, "agent": str(self.assistant.id)}

    def new_key(self, **fields):
        fields = {"scopes": ["chat"], **fields}
        return credentials.issue(self.tenant, Credential.Kind.API_KEY, **fields).secret

    def scope(self):
        return tenant_scope(self.tenant.id)

    def change(self, **fields):
        """Change the integration; sockets that are open keep to what was."""
        with self.scope():
            type(self.integration).objects.filter(pk=self.integration.pk).update(**fields)

    def stored(self):
        """How many rows there are of what a client can cause."""
        with self.scope():
            kinds = (VisitorSession, Conversation, Message)
            return [model.objects.count() for model in kinds]

    def conversation(self, record_id):
        with self.scope():
            return Conversation.objects.select_related("session", "contact").get(pk=record_id)

    def texts(self, record_id):
        with self.scope():
            rows = Message.objects.filter(conversation_id=record_id).order_by("seq")
            return list(rows.values_list("author_kind", "text"))

    def do(self, verb, record_id, *args, **names):
        """Have the team do something with a conversation."""
        with self.scope():
            return verb(engine.team_conversation(record_id), *args, **names)

    def reply(self, record_id, text):
        return self.do(engine.post_reply, record_id, self.member, text=text)

    @contextmanager
    def socket(self, *, dev=False, query=None, origin=None, **options):
        """A connection that has said nothing yet."""
        path = "dev" if dev else "webCall"
        if query is None:
            query = f"authorization={self.key}" if dev else f"token={self.token}"
        with connect(
            f"{self.url}/{path}?{query}", origin=origin, proxy=None, **options
        ) as connection:
            yield Client(connection)

    @contextmanager
    def chat(self, *, dev=False, query=None, **request):
        """A client whose conversation is open."""
        with self.socket(dev=dev, query=query) as client:
            client.initialize(**request)
            client.connection = client.next()
            assert client.connection.get("name") == "connection", client.connection
            assert client.next()["name"] == "opened"
            yield client


class Client(End):
    """One client's end of the wire."""

    silence_seconds, end_seconds = 0.5, 5
    connection = None

    @property
    def record_id(self):
        return self.connection["data"]["recordId"]

    @property
    def secret(self):
        return self.connection["data"]["sessionSecret"]

    def send(self, type, **fields):
        self.ws.send(json.dumps({"type": type, "timestamp": AT, **fields}))

    def initialize(self, **request):
        self.send("initialize", request={"callType": "chat", **request})

    def say(self, text):
        self.send("incomingChatMessage", content=text)

    def until(self, type, **content):
        """The next frame of this type with this content, after whatever comes before it."""
        while True:
            frame = self.next()
            if frame["type"] == type and content.items() <= frame.get("content", {}).items():
                return frame

    def error(self):
        frame = self.next()
        assert frame["type"] == "error", frame
        return frame["data"]["message"]

    def refused(self):
        """The text of the only frame that is left, and the close code."""
        frames, code = self.end()
        assert [frame["type"] for frame in frames] == ["error"], frames
        return frames[0]["data"]["message"], code
