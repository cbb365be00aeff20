"""Oneself, one's log-ins, and the members that owners and admins invite, promote and remove."""

import pytest

from conversations import routing
from tenants import invitations, sessions, staff
from tenants.errors import Conflict
from tenants.models import AccountMail, AuditEntry, Invitation, LoginSession, Mail, Membership
from tenants.scope import tenant_scope
from tenants.staff import Manager
from tests.dashboard.team import Api, key_api, make_conversation, member_api, reload
from tests.factories import PASSWORD, make_member


def test_a_member_changes_their_name_and_how_they_like_to_work(acme, globex):
    ann, api = member_api(acme)
    elsewhere = Membership.objects.create(tenant=globex, user=ann.user, role="owner")

    usual = api.get("me").json()
    assert (usual["twoFactor"], usual["tenant"]["seesTyping"]) == (False, False)
    assert (usual["preferences"]["theme"], usual["preferences"]["enterSends"]) == ("auto", False)
    assert usual["preferences"]["notifications"]["reply"] == {
        "email": True, "browser": True, "sound": True,
    }  # fmt: skip
    chosen = {"theme": "dark", "notifications": {"reply": {"email": False}}}
    changed = api.patch("me", {"name": " Ann Lee ", "preferences": chosen}).json()
    again = api.patch("me", {"preferences": {"density": "compact", "enterSends": True}}).json()

    assert changed["member"]["name"] == "Ann Lee"
    assert (again["preferences"]["theme"], again["preferences"]["density"]) == ("dark", "compact")
    assert again["preferences"]["enterSends"]
    assert again["preferences"]["notifications"]["reply"] == {
        "email": False, "browser": True, "sound": True,
    }  # fmt: skip
    for body in (
        {"name": ""},
        {"name": "A\nB"},
        {"name": 7},
        {"preferences": {"theme": "pink"}},
        {"preferences": {"colour": "red"}},
        {"preferences": {"shortcuts": 1}},
        {"preferences": {"enterSends": "yes"}},
        {"preferences": {"notifications": {"lunch": {"email": True}}}},
        {"preferences": {"notifications": {"reply": {"email": "yes"}}}},
        {"preferences": "dark", "name": "Nobody"},
    ):
        answer = api.patch("me", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), body
    key = key_api(acme, "*")
    assert key.patch("me", {"name": "Key"}).json()["code"] == "member_required"
    assert key.get("me").json()["preferences"] is None
    assert api.get("me").json() == again
    elsewhere.refresh_from_db()
    assert elsewhere.preferences == {}
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            assert AuditEntry.objects.filter(action="user.name_changed").exists()


def test_a_member_sees_and_ends_their_own_log_ins_and_nobody_elses(acme, globex):
    ann, api = member_api(acme)
    Membership.objects.create(tenant=globex, user=ann.user)
    other, token = (
        sessions.log_in(email=ann.user.email, password=PASSWORD, tenant_id=acme.id).access
        for _ in range(2)
    )
    sessions.log_in(email=ann.user.email, password=PASSWORD, tenant_id=globex.id)
    _, stranger = member_api(acme)

    rows = api.get("me/sessions").json()["results"]
    assert [row["current"] for row in rows] == [True, False, False]
    assert stranger.delete(f"me/sessions/{rows[1]['id']}").status_code == 404
    for odd in ("x", str(ann.id)):
        assert api.delete(f"me/sessions/{odd}").json()["code"] == "session_not_found"
    assert api.delete(f"me/sessions/{rows[1]['id']}").status_code == 204
    assert api.delete(f"me/sessions/{rows[1]['id']}").status_code == 404
    assert Api(other).get("me").status_code == 401
    assert Api(token).post("me/sessions/end-others").status_code == 204
    assert api.get("me").status_code == 401
    assert len(Api(token).get("me/sessions").json()["results"]) == 1
    assert key_api(acme, "*").get("me/sessions").json()["code"] == "member_required"
    assert LoginSession.objects.get(membership__tenant=globex).revoked_at is None


def test_owners_and_admins_invite_and_take_invitations_back(acme, globex):
    _, owner = member_api(acme, role="owner")
    _, admin = member_api(acme, role="admin")
    _, agent = member_api(acme)
    _, other = member_api(globex, role="owner")
    said = {"email": "Kim@shop.example", "name": "Kim", "role": "admin"}

    made = admin.post("invitations", said).json()
    assert (made["email"], made["role"], made["status"]) == ("kim@shop.example", "admin", "pending")
    path = f"invitations/{made['id']}"
    chief = owner.post("invitations", {"email": "chief@shop.example", "role": "owner"}).json()
    for api, method, where, body, status, code in (
        (agent, "post", "invitations", said, 403, "missing_role"),
        (key_api(acme, "conversations:write"), "post", "invitations", said, 403, "missing_scope"),
        (admin, "post", "invitations", {**said, "role": "owner"}, 403, "missing_role"),
        (admin, "post", f"invitations/{chief['id']}/resend", {}, 403, "missing_role"),
        (admin, "post", "invitations", {"email": "nobody"}, 400, "invalid"),
        (other, "post", f"{path}/resend", {}, 404, "invitation_not_found"),
    ):
        answer = getattr(api, method)(where, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (where, body)
    assert agent.get("invitations").status_code == 403
    assert admin.delete(f"invitations/{chief['id']}").status_code == 403
    assert other.delete(path).status_code == 404
    assert other.get("invitations").json()["results"] == []

    assert admin.post(f"{path}/resend").status_code == 200
    rows = key_api(acme, "members").get("invitations").json()["results"]
    assert [row["id"] for row in rows] == [made["id"], chief["id"]]
    with tenant_scope(acme.id):
        assert Mail.objects.filter(template="invitation").count() == 3
        assert Invitation.objects.count() == 2
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 404
    assert not AccountMail.objects.filter(to="kim@shop.example").exists()


def test_a_removed_member_is_out_and_whoever_they_answered_waits_for_another(acme, globex):
    ann, owner = member_api(acme, role="owner")
    bob, agent = member_api(acme)
    eve, admin = member_api(acme, role="admin")
    _, other = member_api(globex, role="owner")
    held = make_conversation(acme)
    agent.post(f"conversations/{held}/messages", {"text": "Hello!"})
    path = f"members/{bob.id}"

    for api, method, where, body, status, code in (
        (agent, "patch", f"members/{eve.id}", {"role": "agent"}, 403, "missing_role"),
        (admin, "patch", path, {"role": "owner"}, 403, "missing_role"),
        (admin, "patch", f"members/{ann.id}", {"role": "agent"}, 403, "missing_role"),
        (owner, "patch", f"members/{ann.id}", {"role": "agent"}, 403, "own_membership"),
        (owner, "patch", path, {"role": "boss"}, 400, "invalid"),
        (other, "patch", path, {"role": "admin"}, 404, "member_not_found"),
        (key_api(acme, "members"), "patch", f"members/{ann.id}", {"role": "agent"}, 403,
         "missing_role"),
    ):  # fmt: skip
        answer = getattr(api, method)(where, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (where, body)
    for api, where in ((other, path), (admin, f"members/{ann.id}"), (owner, f"members/{ann.id}")):
        assert api.delete(where).status_code in (403, 404)

    assert owner.patch(path, {"role": "admin"}).json()["role"] == "admin"
    assert agent.get("me").status_code == 401
    assert key_api(acme, "members").delete(path).status_code == 204
    assert owner.delete(path).status_code == 404
    assert len(owner.get("members").json()["results"]) == 2
    assert acme.id in routing.due()
    routing.route(acme.id)
    assert (reload(acme, held).owner, reload(acme, held).assignee_id) == ("waiting", None)
    assert acme.id not in routing.due()

    assert owner.post("invitations", {"email": bob.user.email}).status_code == 201
    with tenant_scope(acme.id):
        link = invitations.link_of(Invitation.objects.get()).rstrip("/").rpartition("/")[2]
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    invitations.accept(link, user=bob.user)
    bob.refresh_from_db()
    assert (bob.is_active, bob.role) == (True, "agent")
    assert {"member.role_changed", "member.removed"} <= actions


def test_of_two_owners_who_remove_each_other_at_once_one_stays(acme):
    ann, eve = (make_member(acme, role="owner") for _ in range(2))
    # Both were let in before either was done.
    let_in = {one: Manager("owner", one.user.email, one.id) for one in (ann, eve)}

    with tenant_scope(acme.id):
        staff.change_role(staff.managed(str(eve.id), by=let_in[ann]), "admin", by=let_in[ann])
    for act in (staff.remove, lambda who, by: staff.change_role(who, "agent", by=by)):
        with pytest.raises(Conflict, match="keeps an owner"), tenant_scope(acme.id):
            act(staff.managed(str(ann.id), by=let_in[eve]), by=let_in[eve])

    assert Membership.objects.filter(tenant=acme, role="owner", is_active=True).get() == ann
