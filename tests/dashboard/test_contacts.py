import pytest
from django.db import connections

from conversations import contacts, search
from conversations.models import Contact, Conversation, VisitorSession
from conversations.sessions import continue_session
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.dashboard.team import make_conversation, member_api, team_events
from tests.factories import make_visitor, write
from tests.isolation.rows import fingerprint


@pytest.fixture
def agent(acme):
    return member_api(acme)


@pytest.fixture
def api(agent):
    return agent[1]


def ids(answer):
    return [row["id"] for row in answer.json()["results"]]


def all_pages(api, path, **query):
    found, cursor, pages = [], {}, 0
    while pages == 0 or cursor["cursor"]:
        page = api.get(path, **query, **cursor).json()
        found += page["results"]
        cursor, pages = {"cursor": page["nextCursor"]}, pages + 1
    return found


def make(api, **fields):
    answer = api.post("contacts", fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def verified(tenant, user_id, **fields):
    """A contact whom the site vouches for, with a session and a conversation."""
    with tenant_scope(tenant.id):
        contact = contacts.contact_by_external_id(user_id)
        Contact.objects.filter(pk=contact.pk).update(**fields)
        session = continue_session(make_visitor())
        contacts.move(session, contact)
    return str(contact.pk)


def test_contacts_are_made_changed_found_and_listed(acme, globex, api):
    _, other_api = member_api(globex)
    make(other_api, name="Kim Elsewhere", email="kim@shop.example")
    kim = make(api, name=" Kim ", email="Kim@Shop.Example", attributes={"plan": "pro", "x": None})
    nobody, zoe = make(api, phone="+1 555"), make(api, name="Zoe")

    assert {**kim, "id": "", "createdAt": ""} == {
        "id": "",
        "name": "Kim",
        "email": "kim@shop.example",
        "phone": "",
        "verified": False,
        "attributes": {"plan": "pro"},
        "createdAt": "",
    }
    changes = {"phone": "7", "attributes": {"plan": None, "seats": 3}}
    changed = api.patch(f"contacts/{kim['id']}", changes).json()
    assert changed == {**kim, "phone": "7", "attributes": {"seats": 3}}
    assert changed == api.get(f"contacts/{kim['id']}").json()
    assert team_events(acme)[-1] == (
        "contact:updated",
        {name: changed[name] for name in changed if name != "createdAt"},
    )
    newest = [zoe["id"], nobody["id"], kim["id"]]
    by_name = [kim["id"], zoe["id"], nobody["id"]]
    assert [row["id"] for row in all_pages(api, "contacts", limit=1)] == newest
    assert [row["id"] for row in all_pages(api, "contacts", limit=1, sort="name")] == by_name
    assert ids(api.get("contacts", sort="name")) == by_name
    assert api.get("contacts", q="ki").json()["results"] == [changed]

    assert api.patch(f"contacts/{kim['id']}", {"email": None}).json()["email"] is None
    assert ids(api.get("contacts", q="shop.example")) == []


def test_an_address_is_one_contacts(acme, api):
    kim, zoe = make(api, email="kim@shop.example"), make(api, name="Zoe")
    before = fingerprint(acme.id)

    made = api.post("contacts", {"email": "KIM@shop.example"})
    changed = api.patch(f"contacts/{zoe['id']}", {"name": "Z", "email": "kim@shop.example"})

    for answer in (made, changed):
        assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
        assert answer.json()["contactId"] == kim["id"]
    assert fingerprint(acme.id) == before


def test_what_makes_no_sense_is_refused_and_changes_nothing(acme, api):
    kim = make(api, name="Kim", email="kim@shop.example", attributes={"plan": "pro"})
    path, before = f"contacts/{kim['id']}", fingerprint(acme.id)
    refused = [
        api.post("contacts", {}),
        api.post("contacts", {"name": "  "}),
        api.post("contacts", {"name": 5}),
        api.post("contacts", {"email": "kim"}),
        api.post("contacts", {"name": "x" * 201}),
        api.post("contacts", {"name": "x", "attributes": {"userId": "7"}}),
        api.patch(path, {"attributes": {f"n{number}": 1 for number in range(50)}}),
        api.patch(path, {"attributes": {"deep": {}}}),
        api.patch(path, {"attributes": {"claimedEmail": "a@b.example"}}),
        api.patch(path, {"phone": "1" * 41}),
        api.get("contacts", sort="size"),
        api.get("contacts", cursor="garbage"),
        api.get("contacts", q="x" * 201),
        api.get("contacts", sort="name", cursor="MDFhMjJiNzctMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw"),
        api.get("search"),
        api.get("search", q=""),
        api.get("search", q="x", **{"in": "files"}),
        api.get("search", q="x", cursor="garbage"),
        api.post(f"{path}/merge", {}),
        api.post(f"{path}/merge", {"into": "garbage"}),
        api.post(f"{path}/merge", {"into": kim["id"]}),
    ]

    assert {answer.status_code for answer in refused} == {400}
    assert fingerprint(acme.id) == before


def test_a_contacts_conversations_are_listed(acme, globex, api):
    visitor = make_visitor()
    first = make_conversation(acme, "One", visitor=visitor)
    make_conversation(acme, "Another's")
    contact = api.get(f"conversations/{first}").json()["contact_data"]["id"]
    write(acme, visitor, "Two", begins_another=True)

    rows = all_pages(api, f"contacts/{contact}/conversations", limit=1)

    assert [row["lastMessage"]["text"] for row in rows] == ["Two", "One"]
    foreign = make_conversation(globex)
    with tenant_scope(globex.id):
        foreign = Conversation.objects.get(pk=foreign).contact_id
    assert api.get(f"contacts/{foreign}/conversations").status_code == 404


def test_merging_moves_all_that_somebody_said_and_tells_of_it(acme, globex, agent):
    member, api = agent
    visitor = make_visitor()
    said = make_conversation(acme, visitor=visitor)
    gone = api.get(f"conversations/{said}").json()["contact_data"]["id"]
    api.patch(f"contacts/{gone}", {"email": "old@shop.example", "attributes": {"a": 1, "b": 1}})
    kept = make(api, name="Kim", email="kim@shop.example", attributes={"b": 2})
    others = fingerprint(globex.id)

    answer = api.post(f"contacts/{gone}/merge", {"into": kept["id"]})

    merged = {
        **kept,
        "attributes": {"otherEmail": "old@shop.example", "a": 1, "b": 2},
    }
    assert (answer.status_code, answer.json()) == (200, merged)
    assert api.get(f"contacts/{gone}").status_code == 404
    shown = {name: merged[name] for name in merged if name != "createdAt"}
    types = [(type, data.get("id")) for type, data in team_events(acme)[-3:]]
    assert types == [
        ("contact:merged", gone),
        ("contact:updated", kept["id"]),
        ("conversation:updated", said),
    ]
    assert team_events(acme)[-3][1] == {"id": gone, "into": kept["id"]}
    assert team_events(acme)[-1][1]["contact_data"] == shown
    assert ids(api.get(f"contacts/{kept['id']}/conversations")) == [said]
    with tenant_scope(acme.id):
        assert str(VisitorSession.objects.get().contact_id) == kept["id"]
        entry = AuditEntry.objects.get(action="contact.merged")
    assert (entry.actor, entry.target, entry.details) == (
        member.user.email,
        kept["id"],
        {"id": gone},
    )
    # The visitor goes on where they were.
    write(acme, visitor, "And?")
    assert api.get(f"conversations/{said}").json()["contact_data"] == shown
    assert fingerprint(globex.id) == others


def test_merging_keeps_the_identity_that_the_site_vouches_for(acme, api):
    kept = make(api, name="Typed", email="typed@shop.example", attributes={"plan": "typed"})
    known = {"name": "Known", "attributes": {"plan": "known"}}
    gone, other = verified(acme, "user-1", **known), verified(acme, "user-2")

    merged = api.post(f"contacts/{gone}/merge", {"into": kept["id"]}).json()

    assert merged["verified"] is True
    assert (merged["name"], merged["email"]) == ("Known", "typed@shop.example")
    assert merged["attributes"] == {"plan": "known"}
    with tenant_scope(acme.id):
        assert str(contacts.contact_by_external_id("user-1").id) == kept["id"]
    before = fingerprint(acme.id)
    refused = api.post(f"contacts/{other}/merge", {"into": kept["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "both_verified")
    assert fingerprint(acme.id) == before


def test_another_tenants_contact_is_merged_into_nothing(acme, globex, api):
    _, other_api = member_api(globex)
    own, foreign = make(api, name="Kim"), make(other_api, name="Kim")
    before = fingerprint(acme.id), fingerprint(globex.id)

    into = api.post(f"contacts/{own['id']}/merge", {"into": foreign["id"]})
    of = api.post(f"contacts/{foreign['id']}/merge", {"into": own["id"]})

    assert (into.status_code, into.json()["code"]) == (400, "unknown_contact")
    assert (of.status_code, of.json()["code"]) == (404, "contact_not_found")
    assert (fingerprint(acme.id), fingerprint(globex.id)) == before


def test_search_tells_what_was_said_by_whom_and_where(acme, globex, api):
    for tenant in (globex, acme):
        visitor = make_visitor()
        said = make_conversation(tenant, "Where is my parcel?", visitor=visitor)
        write(tenant, visitor, "The parcel!")
    kim = make(api, name="Kim Parcel")

    (last, first) = all_pages(api, "search", q="parc", limit=1)
    people = api.get("search", q="parc", **{"in": "contacts"}).json()["results"]

    assert last["excerpt"] == [
        {"text": "The ", "match": False},
        {"text": "parcel", "match": True},
        {"text": "!", "match": False},
    ]
    contact = api.get(f"conversations/{said}").json()["contact_data"]
    (_, message) = api.get(f"conversations/{said}/messages").json()["results"]
    assert {**first, "excerpt": ""} == {
        "conversationId": said,
        "messageId": message["id"],
        "seq": 1,
        "author": message["author"],
        "createdAt": message["createdAt"],
        "private": False,
        "contact_data": contact,
        "excerpt": "",
    }
    marked = [{"text": "Kim ", "match": False}, {"text": "Parcel", "match": True}]
    assert people == [{**kim, "excerpt": marked}]


def test_a_search_that_takes_long_is_given_up(acme, api, monkeypatch):
    make_conversation(acme)
    monkeypatch.setattr(search, "TIMEOUT_MILLISECONDS", 100)
    owner = connections["owner"]
    owner.set_autocommit(False)
    try:
        with owner.cursor() as cursor:
            cursor.execute("LOCK TABLE conversations_message")
        answer = api.get("search", q="hello")
    finally:
        owner.rollback()
        owner.set_autocommit(True)

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    assert len(api.get("search", q="hello").json()["results"]) == 1
