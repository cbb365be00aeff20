"""Shops: tenants with a bubble, and clients that talk to the real server on their pages."""

import ssl
import time
from dataclasses import dataclass

import httpx

from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import KnowledgeSource
from tenants import credentials
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.factories import make_assistant
from widgets.bubbles import create_bubble, current_token

# Clients would read the machine's certificates each, and need none.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
FAQ = [
    {"question": "What are your opening hours?", "answer": "We open at nine and close at five."},
    {"question": "How do I return an order?", "answer": "Send it back within thirty days."},
    {"question": "Do you ship to Norway?", "answer": "We ship to all of Europe, Norway included."},
]


@dataclass
class Shop:
    """A tenant with an assistant and a default bubble."""

    tenant: object
    assistant: object
    bubble: object
    url: str

    @property
    def token(self):
        return self.token_of(self.bubble)

    def token_of(self, bubble, kind=Credential.Kind.WIDGET_TOKEN):
        if kind == Credential.Kind.WIDGET_TOKEN:
            return current_token(bubble)
        found = Credential.objects.get(tenant=self.tenant, kind=kind, subject_id=bubble.id)
        return credentials.reveal(found)

    def scope(self):
        return tenant_scope(self.tenant.id)

    def client(self, *, token=None, secret="", origin="", widget_id="", **headers):
        """A visitor's browser, or whatever claims to be one."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token != "":
            headers["Authorization"] = f"Bearer {token or self.token}"
        if secret:
            headers["X-Session-Secret"] = secret
        if origin:
            headers["Origin"] = origin
        base = f"{self.url}/api/widgets/{widget_id or self.tenant.id}/"
        return httpx.Client(
            base_url=base, headers=headers, timeout=40, verify=PLAIN, trust_env=False
        )


def make_shop(tenant, url, **fields):
    assistant = make_assistant(tenant)
    bubble = create_bubble(tenant, assistant, name="Shop", is_default=True, **fields)
    return Shop(tenant, assistant, bubble, url)


def teach(shop, content=FAQ):
    """Let the shop's assistant know a few things, without waiting for a worker."""
    with shop.scope():
        source = add_source(
            shop.assistant, kind=KnowledgeSource.Kind.FAQ, title="Help", content=content
        )
    deadline = time.monotonic() + 30
    # A running worker may have been quicker, and is at it.
    while ingest(source).status != KnowledgeSource.Status.READY and time.monotonic() < deadline:
        time.sleep(0.05)


def make_bubble(shop, **fields):
    return create_bubble(shop.tenant, shop.assistant, **fields)
