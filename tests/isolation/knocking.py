"""One request for one cell, and what can be told from its answer."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from django.conf import settings

from conversations.pages import encode_cursor
from tenants.ids import uuid7
from tests.factories import PASSWORD
from tests.gateways.blits.rest.client import BOUNDARY, FORM
from tests.in_process import request
from tests.isolation import values
from tests.isolation.outcomes import LET_IN
from tests.isolation.values import EMPTY, NULL, OTHER_DOORS, OTHER_TENANTS, OTHER_VISITORS
from tests.widgets.files import PNG

OTHERS = {
    "mine": "other",
    "other": "mine",
    "paged": "other_paged",
    "other_paged": "paged",
    "served": "paged",
}
# What a request uses up, so that each needs one of its own.
USED_UP = {"call", "approvable", "unsent", "team file", "spare contact", "colleague", "invitation"}


@dataclass(frozen=True, eq=False)
class Knock:
    """One cell, in these worlds."""

    worlds: dict
    route: object
    parameter: object
    value: str
    caller: object
    outcome: str
    # What is in the body beside what belongs there.
    extra: dict = field(default_factory=dict)

    @property
    def world(self):
        return self.worlds[self.caller.world]

    @property
    def is_elsewhere(self):
        """Whether a visitor begins at another tenant's widget, as everybody may."""
        return self.parameter is not None and (self.parameter.kind, self.value) == (
            "widget",
            OTHER_TENANTS,
        )

    @property
    def person(self):
        """Whose ids are the caller's own; of those who have none, somebody's."""
        return self.caller.person or ("paged" if self.route.is_blits else "mine")

    @cached_property
    def shown(self):
        """What stands where the parameter does."""
        kind = self.parameter.kind
        own = self._id(self.world, self.person, kind)
        match self.value:
            case values.OWN:
                return own
            case values.OTHER_TENANTS:
                return self._id(self._neighbour(), self.person, kind)
            case values.OTHER_VISITORS:
                return self._id(self.world, OTHERS[self.person], kind)
            case values.OTHER_DOORS:
                return self._id(self.world, self._elsewhere(), kind)
            case values.DELETED:
                return self.world.deleted[kind]
            case values.RANDOM:
                return values.made_up(kind)
            case values.OTHER_KINDS:
                other = self.world.mine.ids["contact"]
                text = other if "contact" not in kind else self.world.tenant_ids["assistant"]
                return [text] if isinstance(own, list) else text
        return values.shaped(self.value, own)

    def answer(self):
        path, query, headers, body = self._parts()
        name = self.route.name
        method, _, template = name.partition(" ")
        for parameter, text in path.items():
            template = template.replace(f"<str:{parameter}>", text)
        # Where the inbox's script finds its way: what stands there is nobody's.
        template = template.replace("<slug:place>", "somewhere")
        url = "/" + template.removeprefix("^").removesuffix(r"(?:/[\s\S]*)?\Z") + self.route.query
        if query:
            url += "&" if self.route.query else "?"
            url += "&".join(f"{key}={quote(text)}" for key, text in query.items())
        content, content_type = _content(body)
        if content_type:
            headers |= {"content-type": content_type, "content-length": str(len(content))}
        return request(method, url, headers=headers, body=content)

    def _parts(self):
        """The path's parts, the query, the headers and the body, the parameter's value in place."""
        places = {"path": self._path(), "query": {}, "header": self._headers()}
        places["body"] = self._body()
        if self.parameter is not None:
            place, name = places[self.parameter.where], self.parameter.name
            place[name] = self.shown
            if self.parameter.where != "body":
                place[name] = _as_text(self.shown)
                if self.value in (NULL, EMPTY) and self.parameter.where == "header":
                    del place[name]
        return places["path"], places["query"], places["header"], places["body"]

    def _path(self):
        kinds = {one.name: one.kind for one in self.route.parameters if one.where == "path"}
        whose = self._whose_conversation()
        return {name: self._id(self.world, whose, kind) for name, kind in kinds.items()}

    def _whose_conversation(self):
        """Calls and messages are of the conversation that is named, if that may be named."""
        names_one = self.parameter is not None and self.parameter.kind == "conversation"
        if names_one and self.outcome == LET_IN:
            return {OTHER_VISITORS: OTHERS[self.person], OTHER_DOORS: self._elsewhere()}.get(
                self.value, self.person
            )
        return self.person

    def _headers(self):
        headers = {"user-agent": "Firefox"}
        if token := self._token():
            headers["authorization"] = f"Bearer {token}"
        if self.route.name.startswith("POST api/auth/browser"):
            headers["origin"] = settings.PUBLIC_URL
        if self.caller.person:
            headers["X-Session-Secret"] = getattr(self.world, self.caller.person).secret
        return headers

    def _token(self):
        name = self.caller.token
        if name == "forged":
            return self.world.tokens["owner"][:-3] + "abc"
        return self.world.tokens.get(name, name)

    def _body(self):
        body = {**self.extra, **self.route.body}
        known = {
            "sessionId": lambda: self._id(self.world, self.person, "label"),
            "email": lambda: self.world.members["owner"].user.email,
            "password": lambda: PASSWORD,
            "tenantId": lambda: self.world.tenant_ids["tenant"],
            "refresh": lambda: self.world.tenant_ids["refresh"],
            "name": lambda: f"Token {uuid7()}",
            "file": lambda: PNG,
            "shortcut": lambda: str(uuid7()),
            "conversationId": lambda: self._id(self.world, self.person, "conversation"),
            "ids": lambda: self.world.tenant_ids["conversations"],
            "into": lambda: self._id(self.world, self.person, "contact"),
            "token": self._proof,
        }
        body |= {name: known[name]() for name, value in body.items() if value is ...}
        if self.caller.role == "key" and ("body", "memberId") in self._names():
            body.setdefault("memberId", self.world.tenant_ids["member"])
        return body

    def _proof(self):
        """What a mail's link carries, or what the tenant's own site gives to a user of its."""
        if self.route.name.endswith("/resume"):
            return self.world.leads_back(getattr(self.world, self.person))
        return self.world.vouches_for(f"user-{uuid7()}")

    def _used_up(self):
        paths = [one.kind for one in self.route.parameters if one.where == "path"]
        is_deleted = self.route.name.startswith("DELETE") and self.route.name.endswith(">")
        return {*USED_UP, *(paths[-1:] if is_deleted else ())}

    def _names(self):
        return {(one.where, one.name) for one in self.route.parameters}

    def _neighbour(self):
        return self.worlds["acme" if self.caller.world == "globex" else "globex"]

    def _elsewhere(self):
        return "paged" if self.person in ("mine", "other") else "mine"

    def _id(self, world, whose, kind):
        person = getattr(world, whose)
        if kind == "live visitor":
            # Those on the board are there for a minute.
            return world.fresh(kind, person)
        if kind == "log-in" and self.outcome == LET_IN:
            return world.log_in_of(self.caller.role)
        if kind == "cursor":
            return encode_cursor(person.ids["conversation"])
        if self.outcome == LET_IN and kind in self._used_up():
            return world.fresh(kind, person)
        return person.ids[kind] if kind in person.ids else world.tenant_ids[kind]


def verdict(answer):
    """What a caller can tell one refusal from another by; Blits repeats what was asked for."""
    try:
        body = answer.json()
    except ValueError:
        return answer.status, answer.content
    told = {name: value for name, value in body.items() if name != "requestId"}
    if "errorHint" in told:
        del told["conversationId"]
    return answer.status, told


def _as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def _content(body):
    if isinstance(body.get("file"), bytes):
        head = 'Content-Disposition: form-data; name="file"; filename="a.png"'
        parts = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode(), body["file"]
        return b"".join([*parts, f"\r\n--{BOUNDARY}--\r\n".encode()]), FORM
    return (json.dumps(body).encode(), "application/json") if body else (b"", "")
