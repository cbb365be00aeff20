"""All sockets of the product from their clients' ends, in the test's own process."""

import asyncio
import json
from dataclasses import dataclass

from channels.testing import WebsocketCommunicator

from conversations.sessions import Visitor, continue_session, secret_of
from gateways.blackbox.integrations import create_integration, issue_token
from livechat.asgi import application
from tenants import credentials
from tenants.ids import uuid7
from tenants.models import Credential
from tests.dashboard.team import access_token
from tests.factories import make_member

AT = "2031-05-17T10:00:00Z"


class Line(WebsocketCommunicator):
    """One connection; its ``dialect`` says how it begins, and how it asks for something."""

    def __init__(self, dialect):
        super().__init__(application, dialect.path, headers=[(b"host", b"testserver")])
        self.scope["client"] = ("192.0.2.1", 50000)
        self.dialect = dialect

    async def begin(self):
        assert (await self.connect())[0]
        if self.dialect.beginning:
            await self.send_json_to(self.dialect.beginning)

    async def until(self, word, seconds=5):
        """The next frame in which this word stands, after whatever comes before it."""
        while word not in (text := await self.receive_from(timeout=seconds)):
            pass
        return json.loads(text)

    async def ask(self):
        await self.send_json_to(self.dialect.question())

    async def end(self, seconds=5):
        """The last frame, and the code that the server closes with."""
        last = None
        while (output := await self.receive_output(timeout=seconds))["type"] != "websocket.close":
            last = output["text"]
        return last, output["code"]


@dataclass
class Dialect:
    """``admitted`` stands in the frame that says that the client is let in."""

    name: str
    path: str
    admitted: str
    beginning: dict
    asking: dict
    # The credential or member that lets it in.
    by: object = None
    # What names each question, where a repeat would be none.
    key: str = ""

    def question(self):
        return {**self.asking, **({self.key: str(uuid7())} if self.key else {})}


def dialects(shop):
    """One of each socket for this shop, each by a credential or member of its own."""
    return [team(shop), visitors(shop), blits(shop), zeebee(shop), web_call(shop), dev(shop)]


def team(shop):
    member = make_member(shop.tenant)
    beginning = {"type": "auth", "token": access_token(member)}
    asking = {"type": "typing", "conversationId": str(uuid7())}
    return Dialect("team", "/api/ws/tenant", "auth:ok", beginning, asking, member)


def visitors(shop):
    visitor = Visitor(source_id=shop.bubble.id, label=str(uuid7()))
    with shop.scope():
        secret = secret_of(continue_session(visitor))
    found = {"token": shop.token, "sessionId": visitor.label, "sessionSecret": secret}
    by = Credential.objects.get(tenant=shop.tenant, kind=Credential.Kind.WIDGET_TOKEN)
    asking = {"type": "message", "text": "Hello?"}
    beginning = {"type": "auth", **found}
    return Dialect("visitor", "/api/ws/chat", "auth:ok", beginning, asking, by, key="messageId")


def blits(shop):
    kind = Credential.Kind.API_TOKEN
    issued = credentials.issue(shop.tenant, kind, subject_id=shop.assistant.id)
    token = issued.secret
    beginning = {"command": "initialize", "authToken": token}
    asking = {"command": "message", "authToken": token, "message": "Hello?"}
    names = {"by": issued.credential, "key": "requestId"}
    return Dialect("blits", "/", '"initialize"', beginning, asking, **names)


def zeebee(shop):
    issued = new_key(shop)
    beginning = {"type": "init", "api_key": issued.secret}
    asking = {"type": "message", "message": "Hello?"}
    return Dialect("zeebee", "/ws", "init_ack", beginning, asking, issued.credential)


def web_call(shop):
    with shop.scope():
        issued = issue_token(create_integration(name="Shop"), name="Page")
    return black_box("webCall", f"token={issued.secret}", issued.credential)


def dev(shop):
    issued = new_key(shop)
    return black_box("dev", f"authorization={issued.secret}", issued.credential)


def black_box(name, query, by):
    beginning = {"type": "initialize", "timestamp": AT, "request": {"callType": "chat"}}
    asking = {"type": "incomingChatMessage", "timestamp": AT, "content": "Hello?"}
    return Dialect(name, f"/api/v1/ws/{name}?{query}", '"opened"', beginning, asking, by)


def new_key(shop):
    return credentials.issue(shop.tenant, Credential.Kind.API_KEY, scopes=["chat"])


async def admitted(dialect):
    """A line that was let in."""
    line = Line(dialect)
    await line.begin()
    await line.until(dialect.admitted)
    return line


async def all_admitted(dialects):
    return await asyncio.gather(*map(admitted, dialects))
