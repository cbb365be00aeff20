"""The product as the world meets it: a web server, and a tenant with a credential of every kind."""

import resource
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import httpx
from django.db import connection

from conversations.sessions import Visitor
from gateways.blackbox.integrations import create_integration, issue_token
from tenants import credentials
from tenants.models import Credential
from tests.dashboard.team import access_token, make_conversation
from tests.factories import make_member, make_tenant, write
from tests.gateways.blits.tokens import api_token
from tests.isolation.rows import tables
from tests.servers import web_process
from tests.widgets.shops import make_shop

SCOPES = ("chat", "conversations:read", "conversations:write", "integrations")
# What nobody wants to read in the log.
ALARMS = (
    "Traceback",
    " ERROR ",
    " CRITICAL ",
    "Task exception",
    "never awaited",
    "never retrieved",
)


class Front:
    """A web server of its own, whose log is read; without limits, which would refuse too soon."""

    def __init__(self, process, log):
        self.url, self.process, self._log = (url := process.url), process, log
        self.shop = make_shop(make_tenant("Acme", is_demo=True, guests_allowed=True), url)
        self.tenant = self.shop.tenant
        self.rival = make_shop(make_tenant("Globex"), url)
        self.owner = make_member(self.tenant, role="owner")

    @property
    def socket_url(self):
        return self.url.replace("http", "ws")

    @cached_property
    def jwt(self):
        return access_token(self.owner)

    @cached_property
    def key(self):
        return credentials.issue(self.tenant, Credential.Kind.API_KEY, scopes=SCOPES).secret

    @cached_property
    def api_token(self):
        return api_token(self.shop)

    @cached_property
    def web_token(self):
        with self.shop.scope():
            return issue_token(create_integration(name="Page"), name="Page").secret

    @cached_property
    def session(self):
        return self.new_session()

    def new_session(self):
        with self.shop.client() as client:
            return client.post("session").json()

    @cached_property
    def conversation_id(self):
        return make_conversation(self.tenant)

    @cached_property
    def own_conversation_id(self):
        """The visitor's, which they began over the socket that waits for no answer."""
        label, secret = self.session["sessionId"], self.session["sessionSecret"]
        visitor = Visitor(source_id=self.shop.bubble.id, label=label, secret=secret)
        return str(write(self.tenant, visitor).conversation_id)

    @cached_property
    def places(self):
        """What the braces of an address stand for."""
        blits = httpx.post(
            f"{self.url}/api/external/initialize",
            headers={"Authorization": f"Bearer {self.api_token}"},
            trust_env=False,
        )
        return {
            "widget": self.tenant.id,
            "conversation": self.conversation_id,
            "own": self.own_conversation_id,
            "assistant": self.shop.assistant.id,
            "blits": blits.json()["conversationId"],
        }

    def furnish(self):
        """Make everything now, so that a test that counts rows counts only its own."""
        return [self.places, self.jwt, self.key, self.web_token, self.own_conversation_id]

    @property
    def memory(self):
        """What the server's process holds, in MiB."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize() / 2**20

    def alarms(self):
        """What the server wrote since it was last asked that nobody wants to read there."""
        return [
            line for line in self._log.read().splitlines() if any(one in line for one in ALARMS)
        ]


def rows(shop):
    """How many rows there are of each kind of a tenant's data, read in one go."""
    mine = "WHERE tenant_id = %(tenant)s"
    counts = (f"SELECT '{table}', count(*) FROM {table} {mine}" for table in tables())
    with shop.scope(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counts), {"tenant": shop.tenant.id})
        return dict(cursor.fetchall())


@contextmanager
def fronting(folder):
    with (
        web_process(folder, CHAT_WAIT_SECONDS="1") as process,
        process.log.open(errors="replace") as log,
    ):
        yield Front(process, log)
