"""Every route of the team's, with ids of every kind and callers of every kind."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assistants.models import Assistant
from conversations.attachments import attach_later, store
from conversations.canned_responses import create_response
from conversations.contact_changes import create_contact
from conversations.labels import create_label
from conversations.models import Contact, Conversation
from conversations.saved_views import create_view
from conversations.teams import create_team
from dashboard.urls import urlpatterns
from tenants import credentials, sessions
from tenants.models import Credential, Membership
from tenants.scope import tenant_scope
from tests.conversations.calling import waiting_call
from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture
from tests.dashboard.team import (
    Api,
    access_token,
    key_api,
    make_conversation,
    member_api,
    reload,
    team_events,
)
from tests.factories import PASSWORD, make_member
from widgets.bubbles import create_bubble, current_token

pytestmark = pytest.mark.usefixtures("analyst")
STREAMED = "streamed"
UNTIL = "2090-01-01T00:00:00Z"
# Every route: its method and path, a good body, the status of success, what its id is of.
ROUTES = [
    ("GET", "me", None, 200, None),
    ("GET", "me/sessions", None, 200, None),
    ("GET", "members", None, 200, None),
    ("GET", "visitors", None, 200, None),
    ("GET", "availability", None, 200, None),
    ("GET", "teams", None, 200, None),
    ("GET", "teams/{}", None, 200, "team"),
    ("GET", "assistants", None, 200, None),
    ("POST", "assistants/{}/analyze", {"message": "Hello"}, 200, "assistant"),
    ("GET", "usage", None, 200, None),
    ("GET", "search?q=secret", None, 200, None),
    ("GET", "contacts", None, 200, None),
    ("POST", "contacts", {"name": "Kim"}, 201, None),
    ("GET", "contacts.csv", None, 200, STREAMED),
    ("GET", "contacts/{}", None, 200, "contact"),
    ("PATCH", "contacts/{}", {"phone": "7"}, 200, "contact"),
    ("GET", "contacts/{}/conversations", None, 200, "contact"),
    ("POST", "contacts/{}/merge", {"into": "{kept}"}, 200, "contact"),
    ("GET", "conversations.csv", None, 200, STREAMED),
    ("GET", "conversations", None, 200, None),
    ("GET", "conversations/counts", None, 200, None),
    ("POST", "conversations/bulk", {"ids": ["x"], "do": "read"}, 200, None),
    ("GET", "conversations/{}", None, 200, "conversation"),
    ("GET", "conversations/{}/messages", None, 200, "conversation"),
    ("GET", "conversations/{}/tool-calls", None, 200, "conversation"),
    ("POST", "conversations/{conversation}/tool-calls/{}/approve", None, 200, "approvable"),
    ("POST", "conversations/{conversation}/tool-calls/{}/reject", None, 200, "rejectable"),
    ("POST", "conversations/{}/take-over", {}, 200, "conversation"),
    ("POST", "conversations/{}/give-back", {}, 200, "conversation"),
    ("POST", "conversations/{}/messages", {"text": "Hi", "private": True}, 201, "conversation"),
    ("POST", "conversations/{}/assign", {"memberId": None}, 200, "conversation"),
    ("POST", "conversations/{}/qualify", {}, 200, "conversation"),
    ("POST", "conversations/{}/status", {"status": "snoozed", "until": UNTIL}, 200, "conversation"),
    ("POST", "conversations/{}/priority", {"priority": "high"}, 200, "conversation"),
    ("POST", "conversations/{}/labels", {}, 200, "conversation"),
    ("POST", "conversations/{}/read", {}, 200, "conversation"),
    ("POST", "conversations/{}/unread", {}, 200, "conversation"),
    ("GET", "conversations/{}/draft", None, 200, "conversation"),
    ("GET", "drafts", None, 200, None),
    ("GET", "labels", None, 200, None),
    ("GET", "canned-responses", None, 200, None),
    ("POST", "canned-responses/{}/render", "a conversation", 200, "canned_response"),
    ("GET", "views", None, 200, None),
    ("POST", "conversations/{}/close", {}, 200, "conversation"),
    ("POST", "attachments", "file", 201, None),
    ("GET", "attachments/{}", None, 200, "attachment"),
]
# What is everybody's, and only owners and admins change.
MANAGED = [
    ("PATCH", "labels/{}", {}, 200, "label"),
    ("PATCH", "canned-responses/{}", {}, 200, "canned_response"),
    ("PATCH", "views/{}", {}, 200, "view"),
]
DESCRIPTION = {"schema", "docs"}
# What is done to members, log-ins and visitors; in the matrix of tests/isolation like all others.
TO_PEOPLE = {
    "me/sessions/{}",
    "me/sessions/end-others",
    "members/{}",
    "invitations",
    "invitations/{}",
    "invitations/{}/resend",
    "visitors/{}/messages",
}
# Of one kind, but each can be decided only once; and by people only.
DECISIONS = {"approvable": "tool_call", "rejectable": "tool_call"}
WITH_ID = [row for row in (*ROUTES, *MANAGED) if row[4] not in (None, STREAMED)]
# A download is streamed, which the test client's synchronous handler cannot do.
ANSWERED = [row for row in ROUTES if row[4] not in ("attachment", STREAMED)]
# Nobody is there for somebody else, or has a draft in their name.
OWN = {
    "availability",
    "conversations/{}/draft",
    "drafts",
    "views",
    "canned-responses/{}/render",
    "me/sessions",
}
FOR_KEYS = [row for row in ANSWERED if row[4] not in DECISIONS and row[1] not in OWN]
WRITE, READ = "conversations:write", "conversations:read"


def call(api, method, path, body):
    if body == "file":
        return api.upload(path, SimpleUploadedFile("note.txt", b"A note."))
    if body == "a conversation":
        listed = api.get("conversations").json().get("results") or [{"id": "x"}]
        body = {"conversationId": listed[0]["id"]}
    return api.get(path) if method == "GET" else getattr(api, method.lower())(path, body)


def statuses(api, ids, rows, **fields):
    """What each route answers, with these fields in each body."""
    return {
        (method, path): call(
            api,
            method,
            path.format(ids.get(kind), **ids),
            {**filled(body, ids), **fields} if type(body) is dict else body,
        ).status_code
        for method, path, body, _, kind in rows
    }


def filled(body, ids):
    """A body with this id where it names one of a kind."""
    return {name: ids["kept"] if value == "{kept}" else value for name, value in body.items()}


def successes(rows):
    return {(method, path): status for method, path, _, status, _ in rows}


def ids_of(tenant):
    """One id of each kind that belongs to the tenant."""
    conversation_id = make_conversation(tenant, "A secret.")
    file = store(SimpleUploadedFile("secret.txt", b"A secret."), tenant_id=tenant.id)
    with tenant_scope(tenant.id):
        return {
            "conversation": conversation_id,
            "contact": str(Contact.objects.get().id),
            "kept": str(create_contact(name="A secret").id),
            "attachment": str(attach_later(file).id),
            "assistant": str(Assistant.objects.get().id),
            **made_by_owners(tenant),
            "team": str(create_team(name="A secret", strategy="round_robin", actor="a test").id),
            **{
                kind: waiting_call(Conversation.objects.get(), "A secret.", risk="approval")
                for kind in DECISIONS
            },
        }


def made_by_owners(tenant):
    owner = make_member(tenant, role="owner")
    text = {"shortcut": "secret", "text": "A secret.", "team": None}
    made = {
        "label": create_label(name="A secret", color="#000000", actor="a test"),
        "canned_response": create_response(actor="a test", **text),
        "view": create_view(owner, name="A secret", shared=True, sort="updated"),
    }
    return {kind: str(one.id) for kind, one in made.items()}


def test_every_route_is_in_the_table():
    found = {str(pattern.pattern) for pattern in urlpatterns}
    routes = {each.removeprefix("api/") for each in found if each.startswith("api/")}

    rows = (*ROUTES, *MANAGED)
    named = {row[1].replace("{conversation}", "{}").partition("?")[0] for row in rows}
    assert {re.sub("<[^>]+>", "{}", route) for route in routes} == named | DESCRIPTION | TO_PEOPLE


@pytest.mark.parametrize("role", ["owner", "admin", "agent"])
def test_every_role_may_do_the_teams_work(acme, role):
    _, api = member_api(acme, role=role)
    own = ids_of(acme)

    assert statuses(api, own, ANSWERED) == successes(ANSWERED)
    managed = successes(MANAGED) if role != "agent" else dict.fromkeys(successes(MANAGED), 403)
    assert statuses(api, own, MANAGED) == managed


def test_what_is_not_ones_own_does_not_exist(acme, globex):
    _, api = member_api(acme, role="admin")
    own, foreign = ids_of(acme), ids_of(globex)
    before = team_events(globex)

    for method, path, body, _, kind in WITH_ID:
        wrong = [
            foreign[kind],
            str(uuid.uuid4()),
            own["contact" if kind == "assistant" else "assistant"],
            f"{{{own[kind]}}}",
            own[kind].replace("-", ""),
            "garbage",
            "1",
            "'; --",
            "x" * 2000,
        ]
        answers = [call(api, method, path.format(value, **own), body) for value in wrong]
        assert {answer.status_code for answer in answers} == {404}, path
        bodies = [{**answer.json(), "requestId": ""} for answer in answers]
        assert all(body == bodies[0] for body in bodies), path
        assert bodies[0]["code"] == f"{DECISIONS.get(kind, kind)}_not_found"

    assert team_events(globex) == before
    assert reload(globex, foreign["conversation"]).owner == "bot"


def test_what_does_not_exist_is_not_told_from_a_bad_request(acme, globex):
    _, api = member_api(acme)
    foreign = ids_of(globex)["conversation"]

    answer = api.post(f"conversations/{foreign}/messages", {"text": 5})

    assert answer.status_code == 404


def worthless_tokens(tenant):
    member, logged_out, gone, demoted = (make_member(tenant) for _ in range(4))
    pair = sessions.log_in(email=member.user.email, password=PASSWORD)
    tokens = {
        "none": "",
        "garbage": "garbage",
        "refresh token": pair.refresh,
        "unknown key": "sk_" + "x" * 32,
        "ended session": access_token(logged_out),
        "member who left": access_token(gone),
        "changed role": access_token(demoted),
    }
    sessions.end_sessions(membership=logged_out)
    Membership.objects.filter(pk=gone.pk).update(is_active=False)
    Membership.objects.filter(pk=demoted.pk).update(role="admin")
    with tenant_scope(tenant.id):
        tokens["widget token"] = current_token(create_bubble(tenant, None, name="Bubble"))
    revoked = credentials.issue(tenant, Credential.Kind.API_KEY, scopes=["*"])
    credentials.revoke(revoked.credential)
    return {**tokens, "revoked key": revoked.secret}


def test_other_credentials_open_nothing(acme):
    own = ids_of(acme)

    for name, token in worthless_tokens(acme).items():
        assert set(statuses(Api(token), own, ROUTES).values()) == {401}, name


def test_a_key_needs_the_scope(acme):
    own, member = ids_of(acme), make_member(acme)
    reads = [row for row in FOR_KEYS if row[0] == "GET"]
    writes = [row for row in FOR_KEYS if row[0] != "GET"]
    without = [row for row in reads if row[1] != "me"]

    reader, writer = key_api(acme, READ), key_api(acme, WRITE)

    assert statuses(reader, own, reads) == successes(reads)
    assert statuses(writer, own, writes, memberId=str(member.id)) == successes(writes)
    assert set(statuses(reader, own, writes).values()) == {403}
    assert set(statuses(writer, own, without).values()) == {403}


def test_no_program_decides_for_people(acme):
    own, member = ids_of(acme), make_member(acme)
    decisions = [row for row in ROUTES if row[4] in DECISIONS]

    answers = statuses(key_api(acme, "*"), own, decisions, memberId=str(member.id))

    assert set(answers.values()) == {403}


def test_a_key_in_a_page_is_refused(acme):
    api = key_api(acme, "*")
    api.headers["Origin"] = "https://shop.example"

    answer = api.get("conversations")

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


def test_a_suspended_tenant_is_refused(acme):
    own = ids_of(acme)
    _, api = member_api(acme)
    acme.suspended_at = "2026-01-01T00:00:00Z"
    acme.save()

    assert set(statuses(api, own, ROUTES).values()) == {403}


def test_lists_hold_ones_own_only(acme, globex):
    _, api = member_api(acme)
    own, foreign = ids_of(acme), ids_of(globex)
    make_member(globex)

    texts = [api.get(path).content.decode() for path in ("conversations", "members", "assistants")]

    assert not any(value in text for value in foreign.values() for text in texts)
    assert not any(str(globex.slug) in text for text in texts)
    assert own["conversation"] in texts[0]
