"""Every route: who may knock, and which of its parameters are somebody's.

The parameters are read off the API's description, and each of them is an id of some kind or on
the list of those that are none. Blits' addresses are described here.
"""

from dataclasses import dataclass, field, replace
from functools import cache

from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from tests.isolation.callers import CALLERS
from tests.isolation.values import OWN, VALUES, applies

# Pages of operators and of people themselves, which no token opens.
ELSEWHERE = ("admin/", "admin", "account/", "account")
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Parameter:
    """``missing`` is the status for an id that is not the caller's.

    Any text is as good as any other where ``is_free``: it is a name that the caller gives.
    """

    where: str
    name: str
    kind: str
    missing: int = 404
    is_free: bool = False
    is_nullable: bool = False


@dataclass(frozen=True)
class Route:
    """``success`` are the statuses for whoever may do it; ``extra`` is not in the description."""

    door: str
    body: dict = field(default_factory=dict)
    success: tuple = (200, 201, 202, 204, 409)
    query: str = ""
    extra: tuple = ()
    parameters: tuple = ()
    name: str = ""

    @property
    def is_blits(self):
        return self.door.startswith("blits")

    @property
    def callers(self):
        """Public doors look at nobody's token."""
        return CALLERS if self.door != "public" else CALLERS[:4:3]

    def cells(self):
        """Who knocks, with which value of which parameter; and everybody with what is theirs."""
        return [(None, OWN, caller) for caller in self.callers] + [
            (parameter, value, caller)
            for parameter in self.parameters
            for caller in self.callers
            for value in VALUES
            if applies(parameter.kind, value)
        ]


SECRET = Parameter("header", "X-Session-Secret", "secret", 401)
# Blits' clients are not told whether it was the secret or the conversation.
UNSEEN_SECRET = Parameter("header", "X-Session-Secret", "secret", 404)
KEY = Parameter("header", "Idempotency-Key", "key", is_free=True)
# By place and name, what is somebody's: an id of which kind, and how a stranger's is refused.
IDS = {
    ("path", "widget_id"): ("widget", 404),
    ("path", "conversation_id"): ("conversation", 404),
    ("path", "attachment_id"): ("attachment", 404),
    ("path", "call_id"): ("call", 404),
    ("path", "assistant_id"): ("assistant", 404),
    ("path", "contact_id"): ("contact", 404),
    ("path", "team_id"): ("team", 404),
    ("path", "label_id"): ("team label", 404),
    ("path", "response_id"): ("canned response", 404),
    ("path", "view_id"): ("view", 404),
    ("path", "member_id"): ("colleague", 404),
    ("path", "invitation_id"): ("invitation", 404),
    ("path", "session_id"): ("log-in", 404),
    ("path", "visitor_id"): ("live visitor", 404),
    ("path", "integration_id"): ("integration", 404),
    ("path", "token_id"): ("integration token", 404),
    ("path", "message_id"): ("message", 404),
    ("path", "code"): ("code", 404),
    ("query", "assignee"): ("member", 400),
    ("query", "team"): ("team", 400),
    ("query", "assistant"): ("assistant", 400),
    ("query", "cursor"): ("cursor", 400),
    ("header", "X-Session-Secret"): ("secret", 401),
    ("header", "Idempotency-Key"): ("key", 400),
    ("body", "sessionId"): ("label", 401),
    ("body", "conversationId"): ("conversation", 404),
    ("body", "assistantId"): ("assistant", 400),
    ("body", "memberId"): ("member", 400),
    ("body", "memberIds"): ("members", 400),
    ("body", "mentions"): ("members", 400),
    ("body", "ids"): ("conversations", 400),
    ("body", "teamId"): ("team", 400),
    ("body", "into"): ("contact", 400),
    ("body", "attachments"): ("unsent", 400),
    ("body", "messageId"): ("key", 400),
    ("body", "tenantId"): ("tenant", 401),
    ("body", "refresh"): ("refresh", 401),
    ("body", "userId"): ("user", 404),
    ("body", "sessionSecret"): ("secret", 401),
}
FREE = {("query", "assignee"), ("query", "cursor"), ("header", "Idempotency-Key")}
FREE |= {("query", "team"), ("query", "assistant"), ("body", "messageId")}
# Of each it is told that there is none.
FREE |= {("body", "ids")}
# Of each route whose parameter is of another kind than its name says, or refused otherwise.
OTHERWISE = {
    "POST api/conversations/<str:conversation_id>/tool-calls/<str:call_id>/approve": {
        "call_id": {"kind": "approvable"}
    },
    "POST api/conversations/<str:conversation_id>/tool-calls/<str:call_id>/reject": {
        "call_id": {"kind": "approvable"}
    },
    "POST api/conversations/<str:conversation_id>/messages": {"attachments": {"kind": "team file"}},
    # It is gone afterwards.
    "POST api/contacts/<str:contact_id>/merge": {"contact_id": {"kind": "spare contact"}},
    "POST api/widgets/<str:widget_id>/track": {"sessionId": {"is_free": True}},
    # A bubble's page is for everybody, like the bubble.
    "GET chat/<str:code>": {"code": {"kind": "widget"}},
    "GET chat/<str:code>/qr.svg": {"code": {"kind": "widget"}},
    # What a page calls its visitor proves nothing.
    "POST api/widgets/<str:widget_id>/session": {"userId": {"is_free": True}},
    "POST api/widgets/<str:widget_id>/chat": {"userId": {"is_free": True}},
    # A page that shows another secret than its visitor's is a page like any other.
    "POST api/widgets/<str:widget_id>/presence": {
        "X-Session-Secret": {"kind": "key", "is_free": True}
    },
    # Who proves who they are needs no secret beside it.
    "POST api/widgets/<str:widget_id>/identify": {
        "X-Session-Secret": {"kind": "key", "is_free": True},
        "sessionId": {"is_free": True},
        "userId": {"is_free": True},
    },
}
# By place and name, what is nobody's.
PLAIN = {
    ("query", name)
    for name in (
        "after", "channel", "in", "label", "limit", "locale", "mentions", "message", "owner",
        "priority", "q", "since", "sort", "status", "thumbnail", "unread", "until",
        "updatedSince", "v",
    )
} | {
    ("body", name)
    for name in (
        "add", "additionalInput", "allowWebCall", "allowWebChat", "attributes", "browserTools",
        "capacity", "color", "comment", "details", "do", "email", "environment", "error", "event",
        "file", "fileData", "fileExtension", "filters", "flowName", "handOverWhenSpent", "ifSeq",
        "language", "left", "llmAdditionalInput", "locale", "location", "message", "metadata",
        "name", "newConversation", "origins", "otp", "password", "phone", "preferences",
        "preferences.density", "preferences.enterSends", "preferences.notifications",
        "preferences.shortcuts", "preferences.theme", "priority", "private", "remove",
        "result", "role", "score", "seq", "setCurrentLanguageTo", "shared", "shortcut", "sort",
        "speechData", "speechResponse", "staging", "status", "strategy", "text", "timestamp",
        "title", "token", "tts", "type", "until", "url", "userHash", "useStagingVersion",
        "variables", "visitorId", "wait", "with",
    )
}  # fmt: skip

WIDGET = "api/widgets/<str:widget_id>"
OWN_CONVERSATION = f"{WIDGET}/conversations/<str:conversation_id>"
CONVERSATION = "api/conversations/<str:conversation_id>"
CANNED_RESPONSE = "api/canned-responses/<str:response_id>"
CONTACT = "api/contacts/<str:contact_id>"
INTEGRATION = "api/v1/web-integrations/<str:integration_id>"
BLITS = "api/external"
SAYS = {"sessionId": ..., "message": "What are your opening hours?"}
TEAM, VISITOR, ADMINS = Route("team"), Route("visitor"), Route("admins")
ROUTES = {
    "GET about": Route("public"),
    # The same page for everybody, whatever stands in its path.
    "GET ": Route("public"),
    "GET c/<slug:place>": Route("public"),
    "GET view/<slug:place>": Route("public"),
    "GET search": Route("public"),
    "GET contacts": Route("public"),
    "GET contacts/<slug:place>": Route("public"),
    "GET visitors": Route("public"),
    "GET settings": Route("public"),
    "GET settings/<slug:place>": Route("public"),
    "GET healthz": Route("public"),
    "GET readyz": Route("public"),
    "GET assets/chat-widget.js": Route("public"),
    # Nothing is kept under the name that stands here.
    "GET assets/chat-widget-<slug:name>.js": Route("public", success=(404,)),
    "GET chat/<str:code>": Route("public"),
    "GET chat/<str:code>/qr.svg": Route("public"),
    "GET api/schema": Route("public"),
    "GET api/docs": Route("public"),
    "POST api/auth/token": Route("public", {"email": ..., "password": ..., "tenantId": ...}),
    "POST api/auth/refresh": Route("public", {"refresh": ...}),
    "POST api/auth/logout": Route("public", {"refresh": ...}),
    "POST api/auth/browser": Route("public", {"email": ..., "password": ..., "tenantId": ...}),
    # Without the cookie.
    "POST api/auth/browser/refresh": Route("public", success=(401,)),
    "POST api/auth/browser/logout": Route("public"),
    f"GET {WIDGET}/config": Route("config"),
    f"POST {WIDGET}/session": Route("public", {"sessionId": ...}, extra=(SECRET,)),
    f"POST {WIDGET}/chat": Route("page", SAYS),
    f"POST {WIDGET}/track": Route("page", {"sessionId": ..., "event": "opened"}),
    f"POST {WIDGET}/presence": Route("config", {"visitorId": "a" * 32}),
    f"POST {WIDGET}/voice/start": Route("page", {"sessionId": ...}, extra=(SECRET,)),
    f"POST {WIDGET}/contact": Route("visitor", {"name": "Kim"}),
    f"GET {WIDGET}/conversations": VISITOR,
    f"POST {WIDGET}/attributes": Route("visitor", {"attributes": {"plan": "pro"}}),
    f"POST {WIDGET}/attachments": Route("visitor", {"file": ...}),
    f"GET {WIDGET}/attachments/<str:attachment_id>": VISITOR,
    f"GET {OWN_CONVERSATION}/messages": VISITOR,
    f"POST {OWN_CONVERSATION}/rating": Route("visitor", {"score": 4}),
    f"GET {OWN_CONVERSATION}/transcript": VISITOR,
    # Whoever is let in is soon told that these are enough mails.
    f"POST {OWN_CONVERSATION}/transcript": Route(
        "visitor", {"email": "kim@shop.example"}, success=(202, 429)
    ),
    f"GET {OWN_CONVERSATION}/events": VISITOR,
    f"POST {OWN_CONVERSATION}/read": Route("visitor", {"seq": 1}),
    f"POST {OWN_CONVERSATION}/handover": VISITOR,
    f"POST {OWN_CONVERSATION}/assistant": VISITOR,
    f"POST {OWN_CONVERSATION}/tool-calls/<str:call_id>": Route("visitor", {"result": "Shown."}),
    "GET api/me": Route("me"),
    "PATCH api/me": Route("members", {"preferences": {"theme": "dark"}}),
    "GET api/me/sessions": Route("members"),
    "DELETE api/me/sessions/<str:session_id>": Route("members"),
    "GET api/members": TEAM,
    "PATCH api/members/<str:member_id>": Route("admins", {"role": "admin"}),
    "DELETE api/members/<str:member_id>": ADMINS,
    "GET api/invitations": ADMINS,
    "POST api/invitations": Route("admins", {"email": "kim@shop.example"}),
    "DELETE api/invitations/<str:invitation_id>": ADMINS,
    "POST api/invitations/<str:invitation_id>/resend": ADMINS,
    "GET api/visitors": TEAM,
    "POST api/visitors/<str:visitor_id>/messages": Route("team", {"text": "Hello?"}),
    "GET api/availability": Route("members"),
    "PUT api/availability": Route("members", {"status": "online"}),
    "GET api/teams": TEAM,
    "POST api/teams": Route("admins", {"name": ...}),
    "GET api/teams/<str:team_id>": TEAM,
    "PATCH api/teams/<str:team_id>": Route("admins", {"strategy": "least_loaded"}),
    "DELETE api/teams/<str:team_id>": ADMINS,
    "GET api/assistants": TEAM,
    "GET api/usage": TEAM,
    "POST api/assistants/<str:assistant_id>/analyze": Route("team", {"message": "Hello?"}),
    # What everybody's canaries begin with, in the messages and in the names of all tenants.
    "GET api/search": Route("team", query="?q=canary"),
    "GET api/contacts": TEAM,
    "POST api/contacts": Route("team", {"name": ...}),
    "GET api/contacts.csv": TEAM,
    f"GET {CONTACT}": TEAM,
    f"PATCH {CONTACT}": Route("team", {"phone": "7"}),
    f"GET {CONTACT}/conversations": TEAM,
    f"POST {CONTACT}/merge": Route("team", {"into": ...}),
    "GET api/conversations.csv": TEAM,
    "GET api/conversations": TEAM,
    "GET api/conversations/counts": TEAM,
    "POST api/conversations/bulk": Route("team", {"ids": ..., "do": "read"}),
    f"GET {CONVERSATION}": TEAM,
    f"GET {CONVERSATION}/messages": TEAM,
    f"POST {CONVERSATION}/messages": Route("team", {"text": "A note.", "private": True}),
    f"GET {CONVERSATION}/tool-calls": TEAM,
    f"POST {CONVERSATION}/tool-calls/<str:call_id>/approve": Route("members"),
    f"POST {CONVERSATION}/tool-calls/<str:call_id>/reject": Route("members"),
    f"POST {CONVERSATION}/take-over": TEAM,
    f"POST {CONVERSATION}/give-back": TEAM,
    f"POST {CONVERSATION}/assign": Route("team", {"memberId": None}),
    f"POST {CONVERSATION}/qualify": TEAM,
    f"POST {CONVERSATION}/status": Route("team", {"status": "pending"}),
    f"POST {CONVERSATION}/priority": Route("team", {"priority": "high"}),
    f"POST {CONVERSATION}/labels": Route("team", {"add": [], "remove": ["Old"]}),
    f"POST {CONVERSATION}/read": TEAM,
    f"POST {CONVERSATION}/unread": TEAM,
    f"GET {CONVERSATION}/draft": Route("members"),
    f"PUT {CONVERSATION}/draft": Route("members", {"text": "Dear"}),
    f"DELETE {CONVERSATION}/draft": Route("members"),
    "GET api/drafts": Route("members"),
    "GET api/labels": TEAM,
    "POST api/labels": Route("admins", {"name": ...}),
    "PATCH api/labels/<str:label_id>": Route("admins", {"color": "#2563eb"}),
    "DELETE api/labels/<str:label_id>": ADMINS,
    "GET api/canned-responses": TEAM,
    "POST api/canned-responses": Route("admins", {"shortcut": ..., "text": "Hello."}),
    f"PATCH {CANNED_RESPONSE}": Route("admins", {"text": "Hello."}),
    f"DELETE {CANNED_RESPONSE}": ADMINS,
    f"POST {CANNED_RESPONSE}/render": Route("team", {"conversationId": ...}),
    "GET api/views": Route("members"),
    "POST api/views": Route("members", {"name": ...}),
    # One that is shared, which agents see and do not change.
    "PATCH api/views/<str:view_id>": Route("members", {"sort": "created"}, success=(200, 403)),
    "DELETE api/views/<str:view_id>": Route("members", success=(204, 403)),
    "POST api/attachments": Route("team", {"file": ...}),
    "GET api/attachments/<str:attachment_id>": TEAM,
    "GET api/v1/web-integrations": ADMINS,
    "POST api/v1/web-integrations": Route("admins", {"name": "Shop"}),
    f"GET {INTEGRATION}": ADMINS,
    f"PATCH {INTEGRATION}": Route("admins", {"name": "Shop"}),
    f"DELETE {INTEGRATION}": ADMINS,
    f"GET {INTEGRATION}/tokens": ADMINS,
    f"POST {INTEGRATION}/tokens": Route("admins", {"name": ...}),
    f"DELETE {INTEGRATION}/tokens/<str:token_id>": ADMINS,
    f"POST {BLITS}/initialize": Route(
        "blits",
        extra=(
            SECRET,
            Parameter("body", "sessionSecret", "secret", 401, is_nullable=True),
            Parameter("body", "conversationId", "conversation", 404, is_nullable=True),
            Parameter("body", "userId", "user", is_free=True, is_nullable=True),
        ),
    ),
    f"POST {BLITS}/is-active/<str:conversation_id>": Route("blits", extra=(UNSEEN_SECRET,)),
    f"POST {BLITS}/messages/<str:conversation_id>/text": Route(
        "blits",
        {"message": "Hello?"},
        success=(200, 504),
        extra=(UNSEEN_SECRET, KEY, Parameter("body", "userId", "user", 404, is_nullable=True)),
    ),
    f"POST {BLITS}/messages/<str:conversation_id>/speech": Route(
        "blits", success=(400,), extra=(UNSEEN_SECRET,)
    ),
    f"GET {BLITS}/messages/<str:conversation_id>/<str:message_id>": Route("blits servers"),
    f"GET {BLITS}/analyze-message": Route("blits servers", query="?message=Hello"),
    f"GET {BLITS}/settings/<str:code>": Route("blits"),
    # Whatever else is asked for below that root.
    r"GET ^api/external(?:/[\s\S]*)?\Z": Route("public", success=(404,)),
    # It makes one contact of all who send it.
    f"POST {WIDGET}/offline": Route(
        "page",
        {"sessionId": ..., "email": "kim@shop.example", "message": "Later."},
        extra=(SECRET,),
    ),
    # Last, as little can be done with what has ended.
    f"POST {OWN_CONVERSATION}/end": VISITOR,
    f"POST {CONVERSATION}/close": TEAM,
    f"POST {WIDGET}/resume": Route("public", {"token": ...}),
    # The first who does it ends the session for the others.
    f"POST {WIDGET}/logout": Route("visitor", success=(200, 401)),
    f"POST {WIDGET}/identify": Route("config", {"token": ...}),
    "POST api/me/sessions/end-others": Route("members"),
}


@cache
def table():
    """Every route with its parameters, by its name."""
    described, found = description(), {}
    for name, route in ROUTES.items():
        parameters = [
            Parameter("path", one.strip("<>").removeprefix("str:"), "")
            for one in name.split("/")
            if one.startswith("<str:")
        ]
        parameters += described.get(name, ())
        known = {(one.where, one.name): one for one in parameters if is_id(one)}
        known = {key: _as_it_is(name, one) for key, one in known.items()}
        known |= {(one.where, one.name): one for one in route.extra}
        found[name] = replace(route, name=name, parameters=tuple(known.values()))
    return found


@cache
def description():
    """What each route takes beside what its path holds, as the API describes itself."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method.upper()} {_template(path)}": _parameters(document, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def is_id(parameter):
    return (parameter.where, parameter.name) not in PLAIN


def routes_that_exist():
    """Every route of the resolver, as ``METHOD template``; two slashes make an alias."""
    for path, callback in _walk(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        for method in [name for name in METHODS if hasattr(view, name)] or ["get"]:
            yield f"{method.upper()} {path}"


def _walk(patterns, prefix=""):
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if path in ELSEWHERE or "//" in path:
            continue
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


def _as_it_is(route, parameter):
    key = parameter.where, parameter.name
    kind, missing = IDS[key]
    known = replace(parameter, kind=kind, missing=missing, is_free=key in FREE)
    return replace(known, **OTHERWISE.get(route, {}).get(parameter.name, {}))


def _template(path):
    return path.removeprefix("/").replace("{", "<str:").replace("}", ">")


def _parameters(document, operation):
    found = [
        Parameter(one["in"], one["name"], "")
        for one in operation.get("parameters", ())
        if one["in"] != "path"
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, schema in _properties(document, content["schema"]).items():
            found.append(Parameter("body", name, "", is_nullable="null" in schema.get("type", ())))
    return found


def _properties(document, schema):
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    return schema.get("properties", {})
