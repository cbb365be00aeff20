"""Tenants with one of everything, on a server that runs as in production."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
from django.apps import apps

from assistants import usage
from assistants.knowledge.ingestion import add_source
from assistants.models import Provider, Tool
from conversations.models import Team
from gateways.blackbox.integrations import create_integration, issue_token
from tenants import account_mail, credentials, invitations, sessions
from tenants.ids import uuid7
from tenants.models import Credential, User
from tenants.scope import tenant_scope
from tests.factories import PASSWORD, make_member
from tests.gateways.blits.tokens import api_token, bubble_token
from tests.widgets.files import PNG
from tests.widgets.shops import PLAIN, make_shop


@dataclass
class Production:
    """The server, and what its processes write to their log."""

    url: str
    log: Path

    def client(self, **headers):
        """Somebody who comes by the proxy, over https."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        jar = Jar()
        client = httpx.Client(
            base_url=self.url,
            headers={"Host": "chat.example.com", "X-Forwarded-Proto": "https", **headers},
            timeout=40,
            verify=PLAIN,
            trust_env=False,
            event_hooks={"request": [jar.send], "response": [jar.keep]},
        )
        client.jar = jar
        return client


class Jar(dict):
    """The cookies of a browser; the library's own sends none of ours over the plain last mile."""

    def __init__(self):
        super().__init__()
        self.given = []

    def send(self, request):
        if self:
            request.headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.items())

    def keep(self, response):
        for line in response.headers.get_list("set-cookie"):
            for cookie in SimpleCookie(line).values():
                self.given.append(cookie)
                self[cookie.key] = cookie.value


class House:
    """One tenant, and what its people and visitors know."""

    def __init__(self, tenant, production):
        self.tenant, self.production = tenant, production
        self.shop = make_shop(tenant, production.url)
        self.owner = make_member(tenant, role="owner")
        pair, other = (
            sessions.log_in(email=self.owner.user.email, password=PASSWORD) for _ in range(2)
        )
        self.jwt, self.refresh, self.leaving = pair.access, pair.refresh, other.access
        self.token = self.shop.token
        self.bubble_token, self.api_token = bubble_token(self.shop), api_token(self.shop)
        key = credentials.issue(tenant, Credential.Kind.API_KEY, scopes=["*"])
        self.key, self.key_row = key.secret, key.credential
        with tenant_scope(tenant.id):
            self.integration, self.spare = (create_integration(name="Shop") for _ in range(2))
            self.integration_token = issue_token(self.integration, name="Page").secret
            self._furnish()
        account_mail.notify(self.owner.user, "passwordChanged")
        self._visit()

    def _furnish(self):
        """What the admin has a page for, and the rest has not made."""
        self.provider_key = f"vendor-{uuid.uuid4().hex}"
        self.tool_secret = f"tool-{uuid.uuid4().hex}"
        provider = Provider(tenant_id=self.tenant.id, name="Models")
        provider.key = self.provider_key
        provider.save()
        tool = Tool(tenant_id=self.tenant.id, name="lookup", description="Looks it up.")
        tool.headers = f"X-Key: {self.tool_secret}"
        tool.save()
        Team.objects.create(tenant_id=self.tenant.id, name="Sales")
        invitations.invite(self.tenant, email="kim@shop.example", role="agent", actor="olga")
        add_source(self.shop.assistant, kind="text", title="Help", content="We open at nine.")
        usage.reserve(uuid7(), subject=uuid7(), conversation_id=uuid7())

    def row_of(self, label):
        """The id of one of its rows of a model; it may be gone."""
        model = apps.get_model(label)
        if label == "tenants.tenant":
            return self.tenant.id
        if label == "tenants.user":
            return self.owner.user_id
        if label == "tenants.accountmail":
            return model.objects.values_list("pk", flat=True).first()
        with tenant_scope(self.tenant.id):
            return model.objects.filter(tenant=self.tenant).values_list("pk", flat=True).first()

    def _visit(self):
        """A visitor asks something and sends a file; the team sends one back."""
        with self.client(self.token) as client:
            said = {"sessionId": "label", "message": "Hello?"}
            begun = client.post(f"{self.widget}/chat", json=said).json()
            self.conversation_id, self.secret = begun["conversationId"], begun["sessionSecret"]
            client.headers["X-Session-Secret"] = self.secret
            file = {"file": ("a.png", PNG)}
            self.own_file = client.post(f"{self.widget}/attachments", files=file).json()["id"]
        with self.client(self.jwt) as client:
            self.team_file = client.post("/api/attachments", files=file).json()["id"]
            said = {"text": "Here.", "attachments": [self.team_file]}
            client.post(f"/api/conversations/{self.conversation_id}/messages", json=said)
            known = client.get(f"/api/conversations/{self.conversation_id}").json()
            self.contact_id = known["contact_data"]["id"]

    @property
    def widget(self):
        return f"/api/widgets/{self.tenant.id}"

    @cached_property
    def operator(self):
        return User.objects.create_superuser(f"{uuid.uuid4().hex}@operators.example", PASSWORD)

    def client(self, token="", *, secret="", **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if secret:
            headers["X-Session-Secret"] = secret
        return self.production.client(**headers)
