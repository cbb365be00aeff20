"""A tenant's owners and admins in the admin: their own tenant, all of it and nothing else."""

import re

import pytest
from django.contrib import admin

from assistants.models import Tool
from tenants import invitations
from tenants.ids import uuid7
from tenants.models import AccountMail, AuditEntry, Credential, Invitation, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests.admin.operators import Member, filled
from tests.admin.test_pages import furnish
from tests.factories import PASSWORD, make_member, make_tenant

LISTED = {model._meta.label_lower for model in admin.site._registry}
NOT_MADE_HERE = {
    "assistants.usageentry",
    "conversations.conversation",
    "tenants.auditentry",
    "tenants.invitation",
    "tenants.mail",
}
OPERATORS_OWN = {"tenants.user", "tenants.accountmail"}
GONE = {302, 403, 404}
ROW = re.compile(r"^(\w+)/(\w+)/<(?:path:object_id|id)>/")
ROW_ID = re.compile(r"<(?:path:object_id|id)>")


@pytest.fixture(scope="module")
def houses(database):
    """Two tenants with a row of each kind, and people of the first one at the admin."""
    mine, theirs = make_tenant("Acme"), make_tenant("Globex")
    for tenant in (mine, theirs):
        furnish(tenant)
        invitations.invite(tenant, email="new@people.example", role="owner", actor="test")
    people = {role: Member(make_member(mine, role=role)) for role in ("owner", "admin")}
    return mine, theirs, {name: one.log_in() for name, one in people.items()}


def row_of(label, tenant):
    model = next(one for one in admin.site._registry if one._meta.label_lower == label)
    if model is Tenant:
        return tenant.pk
    if model is User:
        return tenant.memberships.first().user_id
    if model is AccountMail:
        return uuid7()
    with tenant_scope(tenant.pk):
        return model.objects.filter(tenant=tenant).first().pk


@pytest.mark.parametrize("label", sorted(LISTED))
def test_owners_see_and_open_what_is_their_own(houses, label):
    mine, theirs, people = houses
    path = label.replace(".", "/")

    for one in people.values():
        listed = one.get(f"{path}/")
        if label in OPERATORS_OWN:
            assert listed.status_code == 403
            continue
        rows = list(listed.context["cl"].result_list)
        assert rows
        assert {getattr(row, "tenant_id", row.pk) for row in rows} == {mine.pk}
        assert theirs.slug not in listed.content.decode()
        changed = one.get(f"{path}/{row_of(label, mine)}/change/")
        assert changed.status_code == 200
        assert theirs.slug not in changed.content.decode()
        is_made = label not in NOT_MADE_HERE | {"tenants.tenant"}
        assert one.get(f"{path}/add/").status_code == (200 if is_made else 403)


def of_rows(patterns, prefix=""):
    """Every address of the admin that names a row, with the row's model."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from of_rows(pattern.url_patterns, path)
        elif match := ROW.search(path):
            yield f"{match[1]}.{match[2]}", path


def test_no_address_leads_to_a_row_of_another_tenant(houses):
    """Whoever asks, and however: the row is not there, and stays as it was."""
    _, theirs, people = houses
    addresses = sorted(set(of_rows(admin.site.urls[0])))
    rows = {label: row_of(label, theirs) for label in {label for label, _ in addresses}}
    rows["tenants.user"] = make_member(theirs).user_id

    assert len(addresses) > 60
    before = everything_of(theirs)
    for label, path in addresses:
        address = ROW_ID.sub(str(rows[label]), path)
        for one in people.values():
            for ask in (one.client.get, one.client.post):
                answer = ask(f"/admin/{address}")
                assert answer.status_code in GONE, (address, answer.status_code)
                assert theirs.slug not in answer.headers.get("Location", ""), address
    assert everything_of(theirs) == before


def everything_of(tenant):
    with tenant_scope(tenant.pk):
        return {
            model._meta.label: sorted(map(str, model.objects.filter(tenant=tenant).values()))
            for model in admin.site._registry
            if any(field.name == "tenant" for field in model._meta.fields)
        } | {"tenant": str(Tenant.objects.filter(pk=tenant.pk).values())}


def test_what_is_the_operators_alone_is_refused(houses):
    mine, _, people = houses
    user = people["admin"].user.pk
    alone = [
        f"tenants/tenant/{mine.pk}/suspend/",
        f"tenants/tenant/{mine.pk}/delete/",
        "tenants/tenant/add/",
        "tenants/user/",
        "tenants/user/add/",
        f"tenants/user/{user}/change/",
        f"tenants/user/{user}/password/",
    ]

    for one in people.values():
        for path in alone:
            assert one.get(path).status_code in GONE, path
            assert one.post(path).status_code in GONE, path
    mine.refresh_from_db()
    assert not mine.is_suspended


def test_forms_write_no_column_that_is_not_the_owners_to_write(houses):
    """Each form with all columns there are: another tenant, an operator, a limit, a secret."""
    mine, theirs, people = houses
    owner = people["owner"]
    smuggled = {
        "tenant": theirs.pk, "tenant_id": theirs.pk, "slug": "smuggled", "guests_allowed": "on",
        "is_demo": "on", "is_staff": "on", "is_superuser": "on", "suspended_at_0": "2026-01-01",
        "user": people["admin"].user.pk, "id": theirs.pk, "code": "smuggled", "kind": "api_key",
        "budget-TOTAL_FORMS": 1, "budget-INITIAL_FORMS": 0, "budget-0-turns_per_month": 10**6,
    }  # fmt: skip
    before = everything_of(theirs)

    for label in sorted(LISTED - NOT_MADE_HERE - OPERATORS_OWN):
        path = f"{label.replace('.', '/')}/{row_of(label, mine)}/change/"
        page = owner.get(path)
        assert page.status_code == 200
        owner.post(path, {**filled(page), **smuggled})
        if label != "tenants.tenant":
            added = owner.get(f"{label.replace('.', '/')}/add/")
            owner.post(f"{label.replace('.', '/')}/add/", {**filled(added), **smuggled})

    kept = Tenant.objects.get(pk=mine.pk)
    assert (kept.slug, kept.guests_allowed, kept.is_demo) == (mine.slug, False, False)
    assert not User.objects.filter(memberships__tenant=mine, is_staff=True).exists()
    assert everything_of(theirs) == before


def test_an_owner_makes_things_of_the_own_tenant(houses):
    mine, _, people = houses
    owner = people["owner"]

    owner.save("assistants/assistant/add/", name="Guide", greeting="Welcome!")
    owner.save(f"tenants/tenant/{mine.pk}/change/", name="Acme & Sons")
    told = owner.save(
        "assistants/tool/add/", name="order_state", description="Tells an order's state.",
        place="client",
    )  # fmt: skip
    key = owner.save("tenants/credential/add/", name="Shop", scopes=["chat"])
    with tenant_scope(mine.pk):
        tool = Tool.objects.get(name="order_state")
        acts = AuditEntry.objects.filter(actor=owner.email).values_list("action", flat=True)
        told = set(acts)
    owner.post(f"assistants/tool/{tool.pk}/delete/", {"post": "yes"})
    history = owner.get(f"assistants/tool/{tool.pk}/history/")

    assert key.status_code == 200
    assert Credential.objects.get(tenant=mine, name="Shop").scopes == ["chat"]
    assert {"assistant.created", "tenant.changed", "tool.created"} <= told
    with tenant_scope(mine.pk):
        assert not Tool.objects.filter(pk=tool.pk).exists()
    assert history.status_code == 404
    mine.refresh_from_db()
    assert mine.name == "Acme & Sons"


def test_nobody_is_raised_above_who_does_it(houses):
    mine, _, people = houses
    owner, chief = people["owner"], people["admin"]
    agent = make_member(mine)
    path = f"tenants/membership/{agent.pk}/change/"

    refused = chief.submit(path, role="owner")
    allowed = chief.submit(path, role="admin")
    over = chief.post(f"tenants/membership/{owner.membership.pk}/change/", {"role": "agent"})
    own = chief.post(f"tenants/membership/{chief.membership.pk}/change/", {"role": "owner"})
    owner.save(path, role="owner", is_active="on")

    assert "role" in refused.context["adminform"].form.errors
    assert allowed.status_code == 302
    assert (over.status_code, own.status_code) == (403, 403)
    roles = Membership.objects.filter(tenant=mine).values_list("pk", "role")
    assert dict(roles)[agent.pk] == "owner"
    assert dict(roles)[owner.membership.pk] == "owner"
    assert dict(roles)[chief.membership.pk] == "admin"


def test_owners_choose_no_password_of_an_account_that_is_not_theirs(houses):
    """It would be the password of a place in another tenant, if that takes the address in later."""
    mine, theirs, people = houses
    known, email = make_member(theirs).user, "later@elsewhere.example"
    page = people["owner"].get("tenants/membership/add/")

    for address in (email, known.email):
        given = {"email": address, "role": "agent", "password": PASSWORD}
        answer = people["owner"].post("tenants/membership/add/", {**filled(page), **given})
        assert "/tenants/invitation/" in answer.headers["Location"]

    assert "password" not in page.context["adminform"].form.fields
    assert not User.objects.filter(email=email).exists()
    assert not Membership.objects.filter(tenant=mine, user=known).exists()


def test_an_admin_cannot_take_an_owners_place(houses):
    mine, _, people = houses
    with tenant_scope(mine.pk):
        path = f"tenants/invitation/{Invitation.objects.get(role='owner').pk}"

    asked = {name: one.get(f"{path}/show_link/").status_code for name, one in people.items()}
    sent = people["admin"].post(f"{path}/show_link/")
    guessed = people["admin"].get("tenants/mail/", text__contains="/account/invitation/e")

    assert asked == {"owner": 200, "admin": 403}
    assert sent.status_code == 403
    assert guessed.status_code == 400


def test_a_person_of_several_tenants_works_in_one_at_a_time(houses):
    mine, theirs, _ = houses
    member = make_member(mine, role="owner")
    Membership.objects.create(tenant=theirs, user=member.user, role="admin")
    stranger = make_tenant("Initech")
    one = Member(member).log_in()

    first = one.get("widgets/bubble/").context["cl"].result_list[0]
    page = one.get("switch/")
    one.post("switch/", {"tenant": theirs.pk})
    second = one.get("widgets/bubble/").context["cl"].result_list[0]
    refused = one.post("switch/", {"tenant": stranger.pk})
    third = one.get("widgets/bubble/").context["cl"].result_list[0]

    assert page.status_code == 200
    assert (first.tenant_id, second.tenant_id, third.tenant_id) == (mine.pk, theirs.pk, theirs.pk)
    assert refused.status_code == 404
