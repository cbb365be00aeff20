import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import preferences
from tests.dashboard.team import Api, key_api, make_conversation, member_api
from tests.factories import make_assistant, make_member, make_visitor, write


@pytest.fixture
def agent(acme):
    return member_api(acme)


def test_me_tells_who_calls(acme, agent):
    member, api = agent

    answer = api.get("me")

    assert answer.json() == {
        "tenant": {"id": str(acme.id), "name": "Acme", "seesTyping": False},
        "member": {
            "id": str(member.id),
            "userId": str(member.user_id),
            "email": member.user.email,
            "name": "Agent",
            "role": "agent",
        },
        "preferences": preferences.USUAL,
        "twoFactor": False,
        "scopes": [],
    }


def test_me_tells_a_key_what_it_may(acme):
    answer = key_api(acme, "conversations:read").get("me")

    assert answer.json()["member"] is None
    assert answer.json()["scopes"] == ["conversations:read"]


def test_a_conversation_is_shown_as_its_events_show_it(acme, agent):
    _, api = agent
    conversation_id = make_conversation(acme, "Where is my parcel?")

    listed = api.get("conversations").json()

    (conversation,) = listed["results"]
    assert (listed["nextCursor"], listed["hasMore"]) == (None, False)
    assert set(conversation) == {
        "id",
        "channel",
        "status",
        "owner",
        "assistantId",
        "assigneeId",
        "teamId",
        "waitingSince",
        "snoozedUntil",
        "contact_data",
        "subject",
        "lastMessage",
        "seq",
        "unread",
        "teamReadSeq",
        "labels",
        "priority",
        "qualified",
        "handoverReason",
        "handoverSummary",
        "rating",
        "createdAt",
        "updatedAt",
    }
    assert conversation["id"] == conversation_id
    assert conversation["lastMessage"]["text"] == "Where is my parcel?"
    assert (conversation["owner"], conversation["unread"]) == ("bot", 1)


def test_one_conversation_shows_more(acme, agent):
    _, api = agent
    conversation_id = make_conversation(acme)

    detail = api.get(f"conversations/{conversation_id}").json()

    assert (detail["id"], detail["variables"], detail["snoozedUntil"]) == (
        conversation_id,
        {},
        None,
    )


def test_conversations_come_in_pages_latest_first(acme, agent):
    _, api = agent
    first, second, third = (make_conversation(acme, f"Number {number}") for number in range(3))

    page = api.get("conversations", limit=2).json()
    rest = api.get("conversations", limit=2, cursor=page["nextCursor"]).json()

    assert [row["id"] for row in page["results"]] == [third, second]
    assert page["hasMore"] is True
    assert [row["id"] for row in rest["results"]] == [first]
    assert (rest["hasMore"], rest["nextCursor"]) == (False, None)


def test_conversations_are_filtered(acme, agent):
    member, api = agent
    mine, other = make_conversation(acme), make_conversation(acme)
    api.post(f"conversations/{mine}/take-over")

    def ids(**query):
        return [row["id"] for row in api.get("conversations", **query).json()["results"]]

    assert ids(owner="human") == [mine]
    assert ids(owner="bot") == [other]
    assert ids(assignee="me") == [mine]
    assert ids(assignee=str(member.id)) == [mine]
    assert ids(assignee="none") == [other]
    assert ids(status="open", owner="bot") == [other]
    assert ids(status="resolved") == []


def test_messages_come_in_pages_latest_first(acme, agent):
    _, api = agent
    visitor = make_visitor()
    conversation_id = make_conversation(acme, "One", visitor=visitor)
    write(acme, visitor, "Two")
    write(acme, visitor, "Three")
    path = f"conversations/{conversation_id}/messages"

    page = api.get(path, limit=2).json()
    rest = api.get(path, limit=2, cursor=page["nextCursor"]).json()

    assert [row["text"] for row in page["results"]] == ["Three", "Two"]
    assert [row["text"] for row in rest["results"]] == ["One"]
    assert (page["hasMore"], rest["hasMore"]) == (True, False)
    assert page["results"][0]["author"]["kind"] == "visitor"


def test_members_and_assistants_are_listed(acme, agent):
    member, api = agent
    second = make_member(acme, role="owner")
    gone = make_member(acme, role="admin")
    gone.is_active = False
    gone.save()
    assistant = make_assistant(acme, "Ada")

    members = api.get("members", limit=1).json()
    more = api.get("members", limit=1, cursor=members["nextCursor"]).json()
    assistants = api.get("assistants").json()

    assert [row["id"] for row in members["results"]] == [str(member.id)]
    assert members["results"][0]["availability"]["memberId"] == str(member.id)
    assert [row["id"] for row in more["results"]] == [str(second.id)]
    assert more["hasMore"] is False
    assert assistants["results"] == [
        {"id": str(assistant.id), "name": "Ada", "isDefault": True, "published": True}
    ]


def test_a_contact_is_shown(acme, agent):
    _, api = agent
    make_conversation(acme)
    contact = api.get("conversations").json()["results"][0]["contact_data"]

    shown = api.get(f"contacts/{contact['id']}").json()

    assert {name: shown[name] for name in contact} == contact
    assert shown["createdAt"].endswith("Z")


@pytest.mark.parametrize("path", ["conversations", "conversations/{id}/messages"])
def test_lists_cost_as_much_for_three_as_for_one(acme, agent, path):
    _, api = agent
    visitor = make_visitor()
    conversation_id = make_conversation(acme, visitor=visitor)
    path = path.format(id=conversation_id)
    with CaptureQueriesContext(connection) as for_one:
        api.get(path)

    make_conversation(acme)
    make_conversation(acme)
    write(acme, visitor)
    write(acme, visitor)
    with CaptureQueriesContext(connection) as for_three:
        api.get(path)

    assert len(api.get(path).json()["results"]) == 3
    assert len(for_one) == len(for_three)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "garbage"}, "invalid_cursor"),
        ({"cursor": "bm90IGEgcGxhY2U"}, "invalid_cursor"),
        ({"cursor": "x" * 300}, "invalid"),
        ({"limit": "0"}, "invalid"),
        ({"limit": "101"}, "invalid"),
        ({"limit": "many"}, "invalid"),
        ({"status": "lost"}, "invalid"),
        ({"owner": "cat"}, "invalid"),
        ({"assignee": "somebody"}, "invalid"),
    ],
)
def test_queries_that_make_no_sense_are_refused(agent, query, code):
    _, api = agent

    answer = api.get("conversations", **query)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_strangers_are_refused():
    answer = Api().get("conversations")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
