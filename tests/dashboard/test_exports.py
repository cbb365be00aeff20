import csv
import io
from urllib.parse import urlencode

import pytest

from conversations import exports
from conversations.models import Conversation, Priority
from tenants.scope import tenant_scope
from tests.dashboard.team import make_conversation, member_api
from tests.factories import make_tenant
from tests.in_process import request, stop


@pytest.fixture(scope="module", autouse=True)
def application():
    yield
    stop()


def get_file(api, name, **query):
    return request("GET", f"/api/{name}?{urlencode(query)}", headers=api.headers)


def rows_of(answer):
    assert answer.status == 200, answer.content
    text = answer.content.decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_all_contacts_are_taken_along_and_no_cell_is_a_formula(acme, globex, monkeypatch):
    monkeypatch.setattr(exports, "BATCH", 2)
    _, api = member_api(acme)
    _, other = member_api(globex)
    other.post("contacts", {"name": "Elsewhere"})
    names = ["=1+1", "+1", "-1", "@SUM(1)", "＝1", 'Kim, "K"\nLee', "Zoë"]
    for number, name in enumerate(names):
        api.post("contacts", {"name": name, "email": f"{number}@shop.example", "phone": "+1"})
    api.post("contacts", {"name": "Last", "attributes": {"plan": "pro", "seats": 3}})

    answer = get_file(api, "contacts.csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    last, *rows = rows_of(answer)
    assert (last["attributes"], last["email"], last["verified"]) == (
        '{"plan": "pro", "seats": 3}',
        "",
        "false",
    )
    defused = ["'" + name for name in names[:5]] + names[5:]
    assert [row["name"] for row in reversed(rows)] == defused
    assert {row["phone"] for row in rows} == {"'+1"}


def test_conversations_are_taken_along_by_the_filters_of_their_list(acme, globex, monkeypatch):
    monkeypatch.setattr(exports, "BATCH", 2)
    member, api = member_api(acme)
    make_conversation(globex)
    made = [make_conversation(acme) for _ in range(4)]
    mine = made[1]
    api.post(f"conversations/{mine}/take-over")
    with tenant_scope(acme.id):
        Conversation.objects.filter(pk=mine).update(
            labels=["vip", "late"], subject="\t=1", priority=Priority.HIGH
        )

    rows = rows_of(get_file(api, "conversations.csv"))
    (row,) = rows_of(get_file(api, "conversations.csv", assignee="me", owner="human"))

    assert [row["id"] for row in rows] == made[::-1]
    assert tuple(row) == exports.CONVERSATION_NAMES
    shown = ("id", "owner", "assignee", "labels", "priority", "subject", "messages", "rating")
    assert [row[name] for name in shown] == [
        mine,
        "human",
        member.user.email,
        "vip, late",
        "high",
        "'\t=1",
        "2",
        "",
    ]
    assert rows_of(get_file(api, "conversations.csv", status="resolved")) == []
    assert rows_of(get_file(api, "conversations.csv", q="nothing", label="vip")) == []


def test_refusals_are_told_as_json_whatever_kind_is_asked_for(acme):
    _, api = member_api(acme)
    api.headers["Accept"] = "text/csv"

    refused = [get_file(api, "conversations.csv", status="lost").status]
    answers = [get_file(api, "contacts.csv") for _ in range(11)]

    assert refused == [400]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].json()["code"] == "rate_limited"
    _, of_demo = member_api(make_tenant("Demo", is_demo=True))
    assert {get_file(of_demo, "contacts.csv").status for _ in range(11)} == {200}
