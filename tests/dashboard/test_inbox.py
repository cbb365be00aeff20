"""The list of conversations: its filters, its orders, its numbers, and what each of them costs."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from conversations import counts, tasks
from conversations.models import Conversation, Tally
from conversations.pages import encode_cursor
from tenants.scope import tenant_scope
from tests.dashboard.team import key_api, make_conversation, member_api, reload
from tests.factories import make_member, make_visitor, write

BEGUN = datetime(2031, 5, 17, 10, tzinfo=UTC)
NOTHING = {
    "mine": 0, "unassigned": 0, "waiting": 0, "all": 0, "snoozed": 0, "pending": 0, "resolved": 0,
    "mentions": 0, "teams": {}, "members": {},
}  # fmt: skip


class Inbox:
    """Five conversations of a tenant, by a short name each."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.member, self.api = member_api(tenant)
        self.admin = member_api(tenant, role="admin")[1]
        self.ids = [make_conversation(tenant, f"Number {number}") for number in range(5)]
        self.team = self.admin.post("teams", {"name": "Sales"}).json()["id"]
        for name in ("VIP", "Bug"):
            self.admin.post("labels", {"name": name})
        for number in range(5):
            self.set(number, created_at=BEGUN + timedelta(hours=number))

    def set(self, number, **fields):
        with tenant_scope(self.tenant.id):
            Conversation.objects.filter(pk=self.ids[number]).update(**fields)

    def act(self, number, what, body=None):
        answer = self.api.post(f"conversations/{self.ids[number]}/{what}", body)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    def numbers(self, **query):
        """Those that are listed, page by page."""
        found, cursor = [], {}
        while True:
            page = self.api.get("conversations", limit=2, **cursor, **query).json()
            found += [self.ids.index(row["id"]) for row in page["results"]]
            if not page["hasMore"]:
                return found
            cursor = {"cursor": page["nextCursor"]}

    def counts(self):
        return self.api.get("conversations/counts").json()


@pytest.fixture
def inbox(acme, globex):
    make_conversation(globex)
    return Inbox(acme)


def test_conversations_are_chosen_by_all_that_is_known_of_them(acme, inbox):
    member = str(inbox.member.id)
    inbox.act(0, "take-over")
    inbox.act(1, "assign", {"teamId": inbox.team})
    inbox.act(2, "labels", {"add": ["vip", "bug"]})
    inbox.act(2, "priority", {"priority": "urgent"})
    inbox.act(3, "status", {"status": "pending"})
    inbox.act(4, "read")
    inbox.act(4, "close")
    colleague = make_member(acme)
    other = str(colleague.id)
    assistant = inbox.act(1, "read")["assistantId"]

    for query, expected in (
        ({"status": "open"}, {0, 1, 2}),
        ({"status": "open,pending"}, {0, 1, 2, 3}),
        ({"owner": "human,closed"}, {0, 4}),
        ({"assignee": "me"}, {0}),
        ({"assignee": f"{member},{other}"}, {0}),
        ({"assignee": other}, set()),
        ({"assignee": "none", "status": "open"}, {1, 2}),
        ({"assignee": "me,none", "status": "open"}, {0, 1, 2}),
        ({"team": inbox.team}, {1}),
        ({"team": "none", "status": "open"}, {0, 2}),
        ({"team": f"none,{inbox.team}"}, {0, 1, 2, 3, 4}),
        ({"label": "VIP"}, {2}),
        ({"label": "Bug,Nothing"}, {2}),
        ({"label": "Nothing"}, set()),
        ({"channel": "chat,voice", "priority": "urgent,high"}, {2}),
        ({"channel": "voice"}, set()),
        ({"priority": "none", "status": "open"}, {0, 1}),
        ({"assistant": assistant}, {0, 1, 2, 3, 4}),
        ({"assistant": other}, set()),
        ({"unread": "1", "status": "open"}, {0, 2}),
        ({"since": "2031-05-17T11:00:00Z", "until": "2031-05-17T13:00:00Z"}, {1, 2}),
        ({"updatedSince": "2090-01-01T00:00:00Z"}, set()),
        ({"q": "numb", "status": "open"}, {0, 1, 2}),
        ({"q": '"number 3"'}, {3}),
        ({"q": "nothing"}, set()),
        ({"status": "open", "label": "Bug", "priority": "urgent", "unread": "true"}, {2}),
    ):
        assert set(inbox.numbers(**query)) == expected, query
    for query in (
        {"status": "open,lost"}, {"team": "some"}, {"assistant": "x"}, {"priority": "7"},
        {"unread": "x"}, {"mentions": other}, {"since": "soon"}, {"sort": "name"},
        {"label": ",".join("x" * 51)}, {"label": "\0"}, {"channel": "x" * 4_001}, {"team": ""},
        {"assignee": f"me,{member}x"}, {"q": "x" * 201},
    ):  # fmt: skip
        answer = inbox.api.get("conversations", **query)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), query
    key = key_api(acme, "conversations:read")
    assert key.get("conversations", mentions="me").status_code == 400
    assert key.get("conversations", assignee="me").status_code == 400
    assert len(key.get("conversations", priority="urgent").json()["results"]) == 1


def test_every_order_goes_on_where_the_last_page_ended(inbox):
    for number, priority in ((1, "high"), (3, "high"), (4, "low")):
        inbox.act(number, "priority", {"priority": priority})
    for number, hours in ((2, 1), (0, 3)):
        inbox.set(number, owner="waiting", waiting_since=BEGUN + timedelta(hours=hours))
    inbox.set(4, updated_at=BEGUN)
    inbox.set(3, updated_at=BEGUN)

    assert inbox.numbers(sort="created") == [4, 3, 2, 1, 0]
    assert inbox.numbers(sort="waiting") == [2, 0, 1, 3, 4]
    assert inbox.numbers(sort="priority") == [3, 1, 4, 2, 0]
    assert inbox.numbers() == [4, 3, 1, 2, 0]
    for sort in ("updated", "created", "waiting", "priority"):
        for cursor in ("garbage", "bm90IGEgcGxhY2U", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"):
            answer = inbox.api.get("conversations", sort=sort, cursor=cursor)
            assert answer.json()["code"] == "invalid_cursor"
    beyond = encode_cursor(f"-{'9' * 20} {BEGUN.isoformat()} {inbox.member.id}")
    assert inbox.numbers(sort="priority", cursor=beyond) == [2, 0]


def test_numbers_follow_whatever_happens_and_are_the_same_when_they_are_folded(acme, globex, inbox):
    _, other = member_api(globex)
    member, mine = str(inbox.member.id), {"mine": 1, "members": {str(inbox.member.id): 1}}
    expected = {**NOTHING, "all": 5, "unassigned": 5}
    assert inbox.counts() == expected

    inbox.act(0, "take-over")
    inbox.act(1, "assign", {"teamId": inbox.team})
    inbox.act(1, "assign", {"memberId": member})
    inbox.act(2, "status", {"status": "pending"})
    inbox.act(3, "status", {"status": "snoozed", "until": "2090-01-01T00:00:00Z"})
    inbox.act(4, "close")
    inbox.set(1, owner="waiting")
    expected |= {"all": 2, "unassigned": 0, "pending": 1, "snoozed": 1, "resolved": 1}
    expected |= {"waiting": 1, "teams": {inbox.team: 1}, "mine": 2, "members": {member: 2}}
    assert inbox.counts() == expected
    assert key_api(acme, "conversations:read").get("conversations/counts").json() == {
        **expected, "mine": 0,
    }  # fmt: skip

    tasks.keep_house()
    tasks.keep_house()
    assert inbox.counts() == expected
    with tenant_scope(acme.id):
        assert not Tally.objects.filter(is_folded=False).exists()
        assert not Tally.objects.filter(number=0).exists()
        assert len(listed(Tally.objects.all())) == Tally.objects.count()
    inbox.admin.delete(f"teams/{inbox.team}")
    inbox.act(1, "give-back")
    write(acme, make_visitor(), "Another one.")
    counts.fold()
    assert inbox.counts() == {
        **expected, **mine, "all": 3, "unassigned": 2, "waiting": 0, "teams": {},
    }  # fmt: skip
    # As many as there are.
    with tenant_scope(acme.id):
        assert Conversation.objects.filter(status="open").count() == 3
    with connections["owner"].cursor() as cursor:
        cursor.execute(count_anew())
    counts.fold()
    assert inbox.counts()["all"] == 3
    assert other.get("conversations/counts").json() == {**NOTHING, "all": 1, "unassigned": 1}


def listed(tallies):
    return set(tallies.values_list("status", "owner", "assignee_id", "team_id"))


def count_anew():
    """What the migration does on tables that are in use."""
    return import_module("conversations.migrations.0019_tallies").COUNT_ALL


def test_what_the_inbox_costs_does_not_depend_on_how_much_is_in_it(acme, inbox):
    path = f"conversations/{inbox.ids[0]}/messages"
    inbox.api.post(path, {"text": "I am here."})
    seq = reload(acme, inbox.ids[0]).message_seq
    colleague = str(make_member(acme).id)
    costs = {}
    for name, method, where, options in (
        ("list", "get", "conversations", {"limit": 1}),
        ("longer list", "get", "conversations", {"sort": "priority", "status": "open"}),
        ("mentions", "get", "conversations", {"mentions": "me"}),
        ("counts", "get", "conversations/counts", {}),
        ("reply", "post", path, {"text": "Once more.", "ifSeq": seq}),
        ("note", "post", path, {"text": "For you.", "private": True, "mentions": [colleague]}),
    ):
        with CaptureQueriesContext(connection) as captured:
            answer = (
                inbox.api.get(where, **options)
                if method == "get"
                else inbox.api.post(where, options)
            )
        assert answer.status_code in (200, 201), answer.content
        costs[name] = len(captured)

    assert costs == {
        "list": 5, "longer list": 5, "mentions": 5, "counts": 6, "reply": 13, "note": 19,
    }  # fmt: skip
