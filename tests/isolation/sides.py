"""A tenant that is at work, with everything that it says marked as its own."""

import itertools
import json
from contextlib import AsyncExitStack

from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import Provider, Tool
from assistants.versions import create_version, publish
from conversations import engine, turn_runner, turns
from conversations.erasing import erase_history
from conversations.models import Conversation, Turn, TurnState
from tenants import credentials, sessions
from tenants.ids import uuid7
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.conversations.calling import ANY, in_a_loop
from tests.factories import PASSWORD, make_member, make_tenant
from tests.gateways.blits.rest.client import Blits
from tests.gateways.blits.tokens import bubble_token
from tests.in_process import request, run
from tests.isolation.lines import connected
from tests.isolation.recording_model import CALLS
from tests.isolation.rows import fingerprint, rows
from tests.widgets.shops import make_shop


class Side:
    def __init__(self, name, server):
        self.tenant = make_tenant(name, is_demo=True, guests_allowed=True)
        self.canary = uuid7().hex
        self._numbers = itertools.count()
        self.heard = []
        self.shop = make_shop(self.tenant, "")
        self.key = f"sk-{self.canary}-key"
        self._hire(server)
        self.member = make_member(self.tenant, role="owner")
        jwt = sessions.log_in(email=self.member.user.email, password=PASSWORD).access
        self.team = {"authorization": f"Bearer {jwt}"}
        self.visitors = {f"{name}-{number}": "" for number in range(2)}
        self.page = Blits(bubble_token(self.shop))
        self.api_key = credentials.issue(
            self.tenant, Credential.Kind.API_KEY, name=self.text("key"), scopes=["*"]
        ).secret
        self._stack = AsyncExitStack()
        self.line = run(self._listen(jwt))

    def _hire(self, server):
        """An assistant with a model, a tool and instructions."""
        with tenant_scope(self.tenant.id):
            provider = Provider(
                tenant=self.tenant,
                name=self.text("provider"),
                kind="openai_compatible",
                base_url=f"{server.url}/v1",
            )
            provider.key = self.key
            provider.save()
            tool = Tool(
                tenant=self.tenant,
                name=CALLS,
                description=self.text("tool"),
                url=f"{server.url}/tool",
                parameters=ANY,
                retries=0,
            )
            tool.save()
            version = create_version(
                self.shop.assistant,
                engine="model",
                provider_id=provider.pk,
                model="recording",
                instructions=self.text("instructions"),
                tools=[tool],
            )
            publish(version)

    def text(self, what):
        """Something that nobody else says, and that tells where it was said."""
        return f"{self.canary}-{what}-{next(self._numbers)}"

    def fingerprint(self):
        return fingerprint(self.tenant.id)

    def rows(self):
        return rows(self.tenant.id)

    async def _listen(self, jwt):
        line = await self._stack.enter_async_context(connected("tenant", "/api/ws/tenant"))
        await line.open("auth", {"token": jwt})
        return line

    def listen(self):
        """Take down what the team's socket has heard by now."""
        self.heard += run(self.line.say("nothing", {}))

    def close(self):
        run(self._stack.aclose())
        with tenant_scope(self.tenant.id):
            Turn.objects.exclude(state=TurnState.ANSWERED).update(state=TurnState.CANCELLED)

    # What its visitors do.

    def ask_for_the_tool(self, label):
        self.chat(label, what=CALLS)

    def chat(self, label, *, what="message"):
        fields = {
            "sessionId": label,
            "message": self.text(f"{label}-{what}"),
            "variables": {self.text("name"): self.text("variable")},
            "additionalInput": {"note": self.text(f"{label}-note")},
        }
        answer = self._visit("POST", "chat", label, fields)
        self.visitors[label] = answer.get("sessionSecret", self.visitors[label])

    def introduce(self, label):
        words = {name: self.text(f"{label}-{name}") for name in ("name", "phone")}
        words["phone"] = words["phone"][-40:]
        email = f"{self.text('mail')}@shop.example"
        fields = {**words, "email": email, "attributes": {"plan": self.text("plan")}}
        self._visit("POST", "contact", label, fields)

    def track(self, label):
        said = {"event": self.text("event"), "metadata": {"page": self.text("page")}}
        self._visit("POST", "track", label, {"sessionId": label, **said})

    def read(self, label):
        self._visit("GET", "conversations", label)

    def write_by_blits(self, label):
        asked = self.page.post("initialize", {"userId": self.text("user")}).json()
        self.heard.append(asked)
        page = Blits(bubble_token(self.shop), X_Session_Secret=asked["sessionSecret"])
        said = page.say(asked["conversationId"], self.text("blits"))
        self.heard.append(said.json())

    def write_by_sockets(self, label):
        self.heard += run(self._write_by_sockets())

    async def _write_by_sockets(self):
        heard = []
        async with connected("zeebee", f"/ws?tenant={self.tenant.slug}") as line:
            heard += await line.open("init", {"user_id": self.text("guest")})
            heard += await line.say("message", {"message": self.text("zeebee")})
        path = f"/api/v1/ws/dev?authorization={self.api_key}"
        async with connected("dev", path) as line:
            data = {"about": self.text("data")}
            heard += await line.open(
                "initialize", {"request": {"callType": "chat", "additionalData": data}}
            )
            heard += await line.say("incomingChatMessage", {"content": self.text("blackbox")})
        return heard

    def _visit(self, method, path, label, fields=None):
        headers = {"authorization": f"Bearer {self.shop.token}", "user-agent": "Firefox"}
        if secret := self.visitors[label]:
            headers["x-session-secret"] = secret
        return self._ask(method, f"widgets/{self.tenant.id}/{path}", headers, fields)

    # What its team does.

    def act(self, what, fields=None):
        with tenant_scope(self.tenant.id):
            found = Conversation.objects.filter(message_seq__gt=0).order_by("?").first()
        if found is not None:
            path = f"conversations/{found.id}"
            self._ask("POST", f"{path}/{what}", self.team, fields or {})
            self._ask("GET", f"{path}/messages", self.team)

    def reply(self, label):
        self.act("messages", {"text": self.text("reply")})

    def note(self, label):
        self.act("messages", {"text": self.text("note"), "private": True})

    def qualify(self, label):
        self.act("qualify", {"details": {"budget": self.text("budget")}})

    def close_one(self, label):
        self.act("close")

    def give_back(self, label):
        self.act("give-back")

    def integrate(self, label):
        self._ask("POST", "v1/web-integrations", self.team, {"name": self.text("shop")[:100]})

    def look(self, label):
        for path in ("conversations", "members", "assistants", "usage", "v1/web-integrations"):
            self._ask("GET", path, self.team)

    def learn(self, label):
        with tenant_scope(self.tenant.id):
            source = add_source(
                self.shop.assistant,
                kind="text",
                title=self.text("title"),
                content=self.text("knowledge"),
            )
        ingest(source)

    def erase(self, label):
        with tenant_scope(self.tenant.id):
            found = Conversation.objects.order_by("?").first()
            if found is not None:
                erase_history(engine.team_conversation(found.id))

    def _ask(self, method, path, headers, fields=None):
        headers = {**headers, "content-type": "application/json"}
        body = b"" if fields is None else json.dumps(fields).encode()
        answer = request(method, f"/api/{path}", headers=headers, body=body)
        assert answer.status < 500, answer.content
        self.heard.append(answer.content.decode())
        return answer.json()

    # What its worker does.

    def work(self, label):
        """Answer whatever is asked, as a worker would."""
        with tenant_scope(self.tenant.id):
            waiting = Turn.objects.filter(state=TurnState.QUEUED).values_list("id", flat=True)
            waiting = list(waiting)
        for turn_id in waiting:
            if held := turns.claim(self.tenant.id, turn_id):
                in_a_loop(turn_runner.answer(held))
