"""What a team does with its conversations: marks, bulk, drafts, labels, ready-made texts, views."""

import pytest

from conversations import erasing, labels, marks
from conversations.drafts import KEPT_FOR
from conversations.models import Conversation, Draft, LabelChange, Mention, View
from conversations.tasks import keep_house
from tenants.scope import tenant_scope
from tests.dashboard.team import (
    key_api,
    make_conversation,
    member_api,
    reload,
    team_events,
    visitor_texts,
)
from tests.factories import make_member, make_visitor, write

LATER = "2090-01-01T00:00:00Z"


@pytest.fixture
def team(acme, globex):
    return Team(acme), Team(globex)


class Team:
    def __init__(self, tenant):
        self.tenant = tenant
        self.ann, self.api = member_api(tenant)
        self.bob, self.other = member_api(tenant)
        self.owner, self.owners = member_api(tenant, role="owner")

    def label(self, name, **fields):
        return self.owners.post("labels", {"name": name, **fields}).json()


def refused(answer):
    return answer.status_code, answer.json()["code"]


def refusals(api, rows):
    """Of each method, path and body, how it was refused."""
    return [refused(getattr(api, method)(path, body)) for method, path, body in rows]


def test_a_conversation_is_marked_and_the_team_hears_of_it(acme, globex, team):
    ours, theirs = team
    visitor = make_visitor()
    conversation_id = make_conversation(acme, visitor=visitor)
    write(acme, visitor, "Anybody?")
    foreign = make_conversation(globex)
    path, api = f"conversations/{conversation_id}", ours.api
    ours.label("VIP"), theirs.label("Theirs")

    urgent = api.post(f"{path}/priority", {"priority": "urgent"}).json()
    labelled = api.post(f"{path}/labels", {"add": ["vip", "VIP"]}).json()
    snoozed = api.post(f"{path}/status", {"status": "snoozed", "until": LATER}).json()
    read = api.post(f"{path}/read").json()
    unread = api.post(f"{path}/unread").json()

    assert (urgent["priority"], urgent["seq"], urgent["unread"]) == ("urgent", 2, 2)
    assert (labelled["labels"], snoozed["snoozedUntil"]) == (["VIP"], LATER.replace("Z", ".000Z"))
    assert (read["unread"], read["teamReadSeq"]) == (0, 2)
    assert (unread["unread"], unread["teamReadSeq"]) == (1, 1)
    told = [data for type, data in team_events(acme) if type == "conversation:updated"]
    assert told == [urgent, labelled, snoozed, read, unread]
    # What changes nothing is no news.
    for what, body in (
        ("priority", {"priority": "urgent"}), ("labels", {"add": ["VIP"]}), ("unread", {}),
        ("labels", {"remove": ["nothing"]}),
    ):  # fmt: skip
        assert api.post(f"{path}/{what}", body).json() == unread
    assert api.post(f"{path}/take-over").json()["snoozedUntil"] is None
    assert api.post(f"{path}/labels", {"remove": ["vip"]}).json()["labels"] == []
    before = team_events(acme)
    assert refusals(api, [
        ("post", f"{path}/priority", {"priority": "utmost"}),
        ("post", f"{path}/priority", {}),
        ("post", f"{path}/labels", {"add": ["Theirs"]}),
        ("post", f"{path}/labels", {"add": "VIP"}),
        ("post", f"conversations/{foreign}/labels", {"add": ["Theirs"]}),
        ("post", f"conversations/{foreign}/unread", {}),
    ]) == [
        (400, "invalid"), (400, "invalid"), (400, "unknown_label"), (400, "invalid"),
        (404, "conversation_not_found"), (404, "conversation_not_found"),
    ]  # fmt: skip
    assert team_events(acme) == before


def test_a_conversation_bears_so_many_labels(acme, team):
    conversation_id = make_conversation(acme)
    names = [team[0].label(f"Label {number}")["name"] for number in range(21)]
    path = f"conversations/{conversation_id}/labels"
    team[0].api.post(path, {"add": names[:20]})

    answer = team[0].api.post(path, {"add": names[20:], "remove": []})

    assert refused(answer) == (400, "too_many_labels")
    assert team[0].api.post(path, {"add": names[20:], "remove": names[:1]}).status_code == 200
    assert reload(acme, conversation_id).labels == names[1:]


def test_labels_are_renamed_and_deleted_in_the_conversations_too(acme, globex, team, monkeypatch):
    monkeypatch.setattr(labels, "CONVERSATIONS_AT_ONCE", 1)
    monkeypatch.setattr(labels, "BATCHES_AT_ONCE", 2)
    ours, theirs = team
    bug, vip = ours.label("Bug", color="#FF0000"), ours.label("VIP")
    assert bug == {"id": bug["id"], "name": "Bug", "color": "#ff0000"}
    foreign = theirs.label("Bug")
    ids = [make_conversation(acme) for _ in range(3)]
    for conversation_id in ids:
        ours.api.post(f"conversations/{conversation_id}/labels", {"add": ["Bug", "VIP"]})
    elsewhere = make_conversation(globex)
    theirs.api.post(f"conversations/{elsewhere}/labels", {"add": ["Bug"]})
    for api, label in ((ours.api, "VIP, Bug"), (ours.api, "Bugs"), (ours.owners, "VIP")):
        api.post("views", {"name": label, "filters": {"label": label}})
    theirs.api.post("views", {"name": "Foreign", "filters": {"label": "VIP"}})

    def borne():
        return [reload(acme, each).labels for each in ids]

    assert ours.owners.patch(f"labels/{bug['id']}", {"name": "Defect"}).json()["name"] == "Defect"
    views = ours.api.get("views").json()["results"]
    assert [view["filters"]["label"] for view in views] == ["VIP,Defect", "Bugs"]
    # Two requests' worth at once; nobody takes the former name as long as some still bear it.
    assert borne() == [["Defect", "VIP"], ["Defect", "VIP"], ["Bug", "VIP"]]
    assert refused(ours.owners.post("labels", {"name": "bug"})) == (409, "name_taken")
    keep_house()
    keep_house()
    assert borne() == [["Defect", "VIP"]] * 3
    assert ours.label("Bug")["name"] == "Bug"
    assert ours.owners.delete(f"labels/{vip['id']}").status_code == 204
    views = [api.get("views").json()["results"] for api in (ours.api, ours.owners, theirs.api)]
    # A view of one that is gone would be of everything.
    assert [[view["filters"]["label"] for view in each] for each in views] == [
        ["Defect", "Bugs"], [], ["VIP"],
    ]  # fmt: skip
    keep_house()
    keep_house()
    assert borne() == [["Defect"]] * 3
    with tenant_scope(acme.id):
        assert not LabelChange.objects.exists()
    assert reload(globex, elsewhere).labels == ["Bug"]

    assert [data for type, data in team_events(acme) if type == "label:updated"][2:] == [
        {**bug, "name": "Defect", "formerName": "Bug", "deleted": False},
        {**ours.api.get("labels").json()["results"][1], "formerName": "Bug", "deleted": False},
        {**vip, "formerName": "VIP", "deleted": True},
    ]
    path = f"labels/{bug['id']}"
    assert refusals(ours.owners, [
        ("post", "labels", {"name": "defect"}), ("post", "labels", {"name": "a,b"}),
        ("post", "labels", {"name": "x" * 61}), ("post", "labels", {"name": "x", "color": "red"}),
        ("patch", path, {"name": "BUG"}), ("patch", path, {"color": "#12345"}),
        ("patch", f"labels/{foreign['id']}", {"name": "Ours"}),
    ]) == [(409, "name_taken"), *[(400, "invalid")] * 3, (409, "name_taken"), (400, "invalid"),
           (404, "label_not_found")]  # fmt: skip
    assert refused(ours.api.post("labels", {"name": "x"})) == (403, "missing_role")
    assert ours.api.delete(path).status_code == 403
    assert [one["name"] for one in theirs.api.get("labels").json()["results"]] == ["Bug"]


def test_a_reply_that_crosses_another_members_is_not_sent(acme, team):
    ours = team[0]
    visitor = make_visitor()
    conversation_id = make_conversation(acme, visitor=visitor)
    path = f"conversations/{conversation_id}/messages"
    mine = ours.api.post(path, {"text": "Mine.", "ifSeq": 1, "messageId": "k"}).json()
    write(acme, visitor, "Thanks.")
    ours.other.post(path, {"text": "A note.", "private": True})
    # Neither one's own, nor the visitor's, nor a note stands in the way.
    assert ours.api.post(path, {"text": "More.", "ifSeq": 1}).status_code == 201
    theirs = ours.other.post(path, {"text": "Theirs."}).json()
    before = team_events(acme)

    answer = ours.api.post(path, {"text": "Late.", "ifSeq": mine["seq"]})

    assert refused(answer) == (409, "answered_meanwhile")
    assert (answer.json()["seq"], answer.json()["message"]) == (theirs["seq"], theirs)
    assert ours.api.post(path, {"text": "Mine.", "ifSeq": 0, "messageId": "k"}).json() == mine
    assert team_events(acme) == before
    assert ours.api.post(path, {"text": "x", "ifSeq": -1}).status_code == 400
    assert ours.api.post(path, {"text": "A note.", "private": True, "ifSeq": 1}).status_code == 201
    assert ours.api.post(path, {"text": "Now.", "ifSeq": theirs["seq"]}).status_code == 201


def test_a_close_that_crosses_what_others_write_is_refused(acme, team):
    ours = team[0]
    visitor = make_visitor()
    conversation_id = make_conversation(acme, visitor=visitor)
    path = f"conversations/{conversation_id}"
    seen = reload(acme, conversation_id).message_seq
    mine = ours.api.post(f"{path}/messages", {"text": "Mine."}).json()
    ours.other.post(f"{path}/messages", {"text": "A note.", "private": True})
    key = key_api(acme, "*")
    for api, since in ((ours.other, seen), (key, mine["seq"] - 1)):
        answer = api.post(f"{path}/close", {"ifSeq": since})
        assert refused(answer) == (409, "answered_meanwhile")
        assert answer.json()["message"] == mine
    write(acme, visitor, "Thanks.")
    before = team_events(acme)

    answer = ours.api.post(f"{path}/close", {"ifSeq": mine["seq"]})
    bulk = {"ids": [conversation_id], "do": "close", "with": {"ifSeq": mine["seq"]}}

    assert refused(answer) == (409, "answered_meanwhile")
    assert answer.json()["error"] == "The visitor has replied meanwhile."
    assert ours.api.post("conversations/bulk", bulk).json()["results"][0]["ok"] is False
    assert refused(ours.api.post(f"{path}/close", {"ifSeq": -1})) == (400, "invalid")
    assert team_events(acme) == before
    assert reload(acme, conversation_id).status == "open"
    # One's own reply, and what anybody notes, stand in nobody's way.
    seen = reload(acme, conversation_id).message_seq
    ours.api.post(f"{path}/messages", {"text": "Bye."})
    ours.other.post(f"{path}/messages", {"text": "Done.", "private": True})
    assert ours.api.post(f"{path}/close", {"ifSeq": seen}).json()["status"] == "resolved"


def test_members_find_the_notes_that_are_for_them(acme, globex, team):
    ours, theirs = team
    conversation_id, other = make_conversation(acme), make_conversation(acme)
    path, bob = f"conversations/{conversation_id}/messages", str(ours.bob.id)
    note = {"text": "@Bob?", "private": True, "mentions": [bob, bob, str(ours.ann.id)]}
    before = reload(acme, conversation_id).message_seq

    def found(api, **query):
        rows = api.get("conversations", mentions="me", **query).json()["results"]
        return [(row["id"], row["mentioned"]) for row in rows]

    sent = ours.api.post(path, {**note, "messageId": "k"})
    again = ours.api.post(path, {**note, "mentions": [str(ours.ann.id), bob], "messageId": "k"})
    assert sent.json() == again.json() == team_events(acme)[-1][1]
    assert sent.json()["mentions"] == sorted([bob, str(ours.ann.id)])
    assert ours.api.get(path).json()["results"][0] == sent.json()
    assert reload(acme, conversation_id).message_seq == before + 1
    assert visitor_texts(acme, conversation_id) == ["Hello?"]
    assert found(ours.other) == [(conversation_id, True)]
    assert found(ours.other, status="resolved") == found(ours.owners) == []
    assert [api.get("conversations/counts").json()["mentions"] for api in
            (ours.api, ours.other, ours.owners, theirs.api)] == [1, 1, 0, 0]  # fmt: skip
    assert "mentioned" not in ours.other.get("conversations").json()["results"][0]

    ours.other.post(f"conversations/{other}/read")
    ours.other.post(f"conversations/{conversation_id}/read")
    assert found(ours.other) == [(conversation_id, False)]
    assert found(ours.api) == [(conversation_id, True)]
    assert ours.other.get("conversations/counts").json()["mentions"] == 0

    gone = make_member(acme)
    gone.is_active = False
    gone.save()
    reused = {**note, "mentions": [bob], "messageId": "k"}
    for body, code in (
        ({**note, "private": False}, "invalid"),
        ({**note, "mentions": [str(theirs.ann.id)]}, "unknown_member"),
        ({**note, "mentions": [str(gone.id)]}, "unknown_member"),
        ({**note, "mentions": ["x"]}, "unknown_member"),
        ({**note, "mentions": [bob] * 21}, "invalid"),
        (reused, "idempotency_key_reused"),
    ):
        assert ours.api.post(path, body).json()["code"] == code, body
    with tenant_scope(acme.id):
        assert Mention.objects.count() == 2


def test_many_conversations_are_changed_each_by_itself(acme, globex, team):
    ours = team[0]
    ours.label("VIP")
    ids = [make_conversation(acme) for _ in range(2)]
    foreign = make_conversation(globex)
    before = team_events(globex)

    def do(what, details=None, these=ids, api=ours.api):
        answer = api.post("conversations/bulk", {"ids": these, "do": what, "with": details or {}})
        return [
            (row["id"], row["ok"], row.get("code")) for row in answer.json().get("results", ())
        ] or refused(answer)

    done = [(each, True, None) for each in ids]
    missing = (foreign, False, "conversation_not_found")
    assert do("labels", {"add": ["vip"]}) == done
    assert do("priority", {"priority": "high"}) == done
    assert do("read") == do("assign", {"memberId": str(ours.bob.id)}) == done
    assert do("status", {"status": "pending"}, [foreign, "x", *ids, ids[0]]) == [
        missing, ("x", False, "conversation_not_found"), *done,
    ]  # fmt: skip
    for each in ids:
        stored = reload(acme, each)
        assert (stored.labels, stored.priority, stored.unread) == (["VIP"], 3, 0)
        assert (stored.assignee_id, stored.status) == (ours.bob.id, "pending")
    assert do("unread") == done
    assert reload(acme, ids[1]).unread == 1
    assert do("close", these=[foreign, ids[0]]) == [missing, done[0]]
    assert do("status", {"status": "open"}) == [(ids[0], False, "invalid_status"), done[1]]
    assert do("assign", {"memberId": str(team[1].ann.id)}) == [
        (each, False, "unknown_member") for each in ids
    ]
    assert do("labels", {"add": ["Nothing"]})[0][2] == "unknown_label"
    for body in (
        ("status", {}), ("status", {"status": "snoozed", "until": "2001-01-01T00:00:00Z"}),
        ("explode", {}), ("priority", {"priority": 3}), ("assign", {}), ("labels", {"add": "VIP"}),
    ):  # fmt: skip
        assert do(*body) == (400, "invalid"), body
    assert do("read", these=[]) == do("read", these=["x"] * 101) == (400, "invalid")
    assert do("read", these=[foreign], api=key_api(acme, "*")) == [missing]
    assert do("read", api=key_api(acme, "conversations:read")) == (403, "missing_scope")
    assert team_events(globex) == before


def test_drafts_are_kept_for_whoever_wrote_them(acme, globex, team):
    ours, theirs = team
    conversation_id, other = make_conversation(acme), make_conversation(acme)
    path = f"conversations/{conversation_id}/draft"
    nothing = {"conversationId": conversation_id, "text": "", "private": False, "updatedAt": None}
    before = team_events(acme)
    assert ours.api.get(path).json() == nothing

    ours.api.put(path, {"text": "Dear"})
    kept = ours.api.put(path, {"text": "Dear Kim", "private": True}).json()
    ours.api.put(f"conversations/{other}/draft", {"text": "Hi"})

    assert (kept["text"], kept["private"], ours.api.get(path).json()) == ("Dear Kim", True, kept)
    assert ours.api.get("drafts", limit=1).json()["results"] == [kept]
    assert [len(api.get("drafts").json()["results"]) for api in
            (ours.api, ours.other, theirs.api)] == [2, 0, 0]  # fmt: skip
    assert ours.other.get(path).json() == nothing
    assert team_events(acme) == before
    # What is sent is no draft any more, but a reply is not the note.
    ours.api.post(f"conversations/{conversation_id}/messages", {"text": "Hello."})
    ours.other.put(path, {"text": "Mine"})
    assert ours.api.get(path).json() == kept
    ours.api.post(f"conversations/{conversation_id}/messages", {"text": "A.", "private": True})
    assert ours.api.get(path).json() == nothing
    assert ours.other.get(path).json()["text"] == "Mine"
    assert ours.other.put(path, {"text": "  "}).json() == nothing

    for api, method, where, body, expected in (
        (theirs.api, "put", path, {"text": "Hi"}, (404, "conversation_not_found")),
        (ours.api, "put", path, {"text": "x" * 10_001}, (400, "invalid")),
        (ours.api, "put", path, {}, (400, "invalid")),
        (key_api(acme, "*"), "put", path, {"text": "Hi"}, (403, "member_required")),
    ):
        assert refused(getattr(api, method)(where, body)) == expected
    assert theirs.api.get(path).status_code == theirs.api.delete(path).status_code == 404
    ours.api.put(path, {"text": "Old"})
    with tenant_scope(acme.id):
        old = Draft.objects.get(conversation_id=other)
        Draft.objects.filter(pk=old.pk).update(updated_at=old.updated_at - KEPT_FOR)
    keep_house()
    assert [one["text"] for one in ours.api.get("drafts").json()["results"]] == ["Old"]
    assert ours.api.delete(path).status_code == 204
    ours.api.put(path, {"text": "Of what was said"})
    with tenant_scope(acme.id):
        erasing.erase_history(Conversation.objects.get(pk=conversation_id))
        assert not Draft.objects.exists()


def test_canned_responses_are_filled_with_what_is_known(acme, globex, team):
    ours, theirs = team
    conversation_id, foreign = make_conversation(acme), make_conversation(globex)
    contact = reload(acme, conversation_id).contact_id
    text = "Hi {{contact.name|there}}, {{ agent.name }} of {{tenant.name}}: {{contact.email}}."
    sales = ours.owners.post("teams", {"name": "Sales"}).json()["id"]
    their_team = theirs.owners.post("teams", {"name": "Sales"}).json()["id"]

    made = ours.owners.post("canned-responses", {"shortcut": "Hi", "text": text, "teamId": sales})
    assert made.json() == {"id": made.json()["id"], "shortcut": "hi", "text": text, "teamId": sales}
    path = f"canned-responses/{made.json()['id']}"

    def rendered(api=ours.api, where=conversation_id, **fields):
        return api.post(f"{path}/render", {"conversationId": where, **fields})

    assert rendered().json() == {"text": "Hi there, Agent of Acme: ."}
    with tenant_scope(acme.id):
        conversation = Conversation.objects.select_related("contact").get(contact_id=contact)
        conversation.contact.name = "{{agent.email}}"
        conversation.contact.email = "kim@shop.example"
        conversation.contact.save()
    assert rendered().json()["text"] == (
        "Hi {{agent.email}}, Agent of Acme: kim@shop.example."
    )  # Nobody's name is a variable.
    ours.owners.patch(path, {"text": "{{conversation.id}} {{agent.email|x}}", "teamId": None})
    assert rendered().json()["text"] == f"{conversation_id} {ours.ann.user.email}"
    key = key_api(acme, "*")
    assert refused(rendered(key)) == (400, "member_required")
    assert ours.bob.user.email in rendered(key, memberId=str(ours.bob.id)).json()["text"]
    assert refused(rendered(where=foreign)) == (404, "conversation_not_found")
    assert refused(rendered(theirs.api, foreign)) == (404, "canned_response_not_found")

    body = {"shortcut": "hi", "text": "Hello."}
    assert refusals(ours.owners, [
        ("post", "canned-responses", body),
        ("post", "canned-responses", {**body, "shortcut": "a b"}),
        ("post", "canned-responses", {**body, "shortcut": "a", "text": "{{contact.iban}}"}),
        ("post", "canned-responses", {**body, "shortcut": "a", "teamId": their_team}),
        ("post", "canned-responses", {**body, "shortcut": "a", "text": "x" * 8_001}),
        ("patch", path, {"text": ""}),
    ]) == [
        (409, "shortcut_taken"), (400, "invalid"), (400, "unknown_variable"), (400, "unknown_team"),
        (400, "invalid"), (400, "invalid"),
    ]  # fmt: skip
    assert refused(ours.api.post("canned-responses", body)) == (403, "missing_role")
    assert theirs.owners.delete(path).status_code == 404
    assert theirs.api.get("canned-responses").json()["results"] == []
    assert [one["shortcut"] for one in ours.api.get("canned-responses").json()["results"]] == ["hi"]
    ours.owners.patch(path, {"teamId": sales})
    ours.owners.delete(f"teams/{sales}")
    assert ours.api.get("canned-responses").json()["results"][0]["teamId"] is None
    assert ours.owners.delete(path).status_code == 204


def test_views_are_ones_own_or_the_teams(acme, team):
    ours, theirs = team
    filters = {"status": "open,pending", "assignee": "me", "label": "VIP", "unread": "1"}
    body = {"name": "Mine", "filters": filters, "sort": "waiting"}

    mine = ours.api.post("views", body).json()
    shared = ours.owners.post("views", {"name": "All", "shared": True}).json()

    assert mine == {**body, "id": mine["id"], "shared": False, "memberId": str(ours.ann.id)}
    assert (shared["filters"], shared["sort"], shared["shared"]) == ({}, "updated", True)
    assert [
        [view["name"] for view in api.get("views").json()["results"]]
        for api in (ours.api, ours.other, theirs.api)
    ] == [["Mine", "All"], ["All"], []]
    assert ours.api.get("conversations", sort=mine["sort"], **filters).status_code == 200
    changed = ours.api.patch(f"views/{mine['id']}", {"filters": {"mentions": "me"}}).json()
    assert changed == {**mine, "filters": {"mentions": "me"}}
    bad = {"filters": {"status": "lost"}}
    assert refusals(ours.api, [
        ("post", "views", {**body, **bad}),
        ("post", "views", {**body, "filters": {"cursor": "x"}}),
        ("post", "views", {**body, "filters": {"unread": True}}),
        ("post", "views", {**body, "filters": {"team": "sales"}}),
        ("post", "views", {**body, "filters": []}),
        ("post", "views", {**body, "sort": "name"}),
        ("post", "views", {**body, "shared": True}),
        ("patch", f"views/{mine['id']}", bad),
        ("patch", f"views/{mine['id']}", {"shared": True}),
        ("patch", f"views/{shared['id']}", {"name": "Ours"}),
    ]) == [*[(400, "invalid")] * 6, (403, "missing_role"), (400, "invalid"),
           *[(403, "missing_role")] * 2]  # fmt: skip
    for api in (ours.other, ours.owners, theirs.owners):
        assert refused(api.patch(f"views/{mine['id']}", {"name": "x"})) == (404, "view_not_found")
    assert ours.api.delete(f"views/{shared['id']}").status_code == 403
    assert refused(key_api(acme, "*").post("views", body)) == (403, "member_required")
    # Of one's own views nobody else hears; of the team's, until they are nobody else's again.
    path = f"views/{ours.owners.post('views', {'name': 'Mine'}).json()['id']}"
    for name, is_shared, told in (("A", False, 1), ("B", True, 2), ("C", True, 3), ("D", False, 4)):
        ours.owners.patch(path, {"name": name, "shared": is_shared})
        assert [data for type, data in team_events(acme) if type == "views:updated"] == [{}] * told
    ours.owners.delete(path)
    assert [type for type, _ in team_events(acme)].count("views:updated") == 4
    with tenant_scope(acme.id):
        stored = list(View.objects.order_by("id").values_list("name", "shared"))
    assert stored == [("Mine", False), ("All", True)]
    assert ours.owners.delete(f"views/{shared['id']}").status_code == 204
    assert ours.api.delete(f"views/{mine['id']}").status_code == 204


def test_there_is_a_bound_to_what_a_tenant_makes(acme, team, monkeypatch):
    ours = team[0]
    for module, name in (
        ("labels", "LABELS_LIMIT"), ("canned_responses", "RESPONSES_LIMIT"),
        ("saved_views", "OWN_LIMIT"), ("saved_views", "SHARED_LIMIT"),
    ):  # fmt: skip
        monkeypatch.setattr(f"conversations.{module}.{name}", 1)
    for path, body in (
        ("labels", {"name": "{}"}), ("canned-responses", {"shortcut": "{}", "text": "x"}),
        ("views", {"name": "{}"}), ("views", {"name": "{}", "shared": True}),
    ):  # fmt: skip
        first, second = ({**body, next(iter(body)): name} for name in "ab")
        assert ours.owners.post(path, first).status_code == 201
        assert refused(ours.owners.post(path, second))[1].startswith("too_many_")


def test_where_no_visitor_wrote_there_is_nothing_to_be_unread(acme, team):
    conversation_id = make_conversation(acme)
    with tenant_scope(acme.id):
        conversation = Conversation.objects.get(pk=conversation_id)
        marks.mark_read(conversation)
        conversation.messages.all().delete()
        marks.mark_unread(conversation)
    assert reload(acme, conversation_id).unread == 0
