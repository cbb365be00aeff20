"""Every page of the admin opens, with the rows of two tenants in it."""

import re

import pytest
from django.contrib import admin
from django.utils.html import strip_tags

from assistants import usage
from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import Provider, Tool
from conversations.teams import create_team
from gateways.blackbox.integrations import create_integration
from tenants import account_mail, credentials, invitations
from tenants.ids import uuid7
from tenants.models import Credential, User
from tenants.scope import platform_scope, tenant_scope
from tests.admin.operators import Member
from tests.factories import make_assistant, make_member, make_tenant, make_visitor, write
from widgets.bubbles import create_bubble

LISTED = {
    "tenants.tenant",
    "tenants.user",
    "tenants.membership",
    "tenants.credential",
    "tenants.auditentry",
    "tenants.invitation",
    "tenants.mail",
    "tenants.accountmail",
    "assistants.assistant",
    "assistants.knowledgesource",
    "assistants.provider",
    "assistants.tool",
    "assistants.usageentry",
    "conversations.conversation",
    "conversations.team",
    "widgets.bubble",
    "gateways.webintegration",
}
OF_NO_TENANT = {"tenants.user", "tenants.accountmail"}
NOT_MADE_HERE = {
    "tenants.auditentry",
    "tenants.invitation",
    "tenants.mail",
    "tenants.accountmail",
    "conversations.conversation",
    "assistants.usageentry",
}
# Abbreviations as Django makes labels of fields' names.
MADE_LABELS = re.compile(
    r"\b(?:Api|Csp|Css|Faq|Html|Id|Ip|Jwt|Totp|Ur[il])\b|^\s*[A-Z]\w+ (?:id|ip|url):?\s*$",
    re.MULTILINE,
)


def furnish(tenant):
    """One row of each kind."""
    member = make_member(tenant)
    assistant = make_assistant(tenant)
    create_bubble(tenant, assistant, name="Site", is_default=True)
    credentials.issue(tenant, Credential.Kind.API_KEY, name="Key")
    with tenant_scope(tenant.id):
        Provider.objects.create(tenant_id=tenant.id, name="Models")
        Tool.objects.create(tenant_id=tenant.id, name="lookup", description="Looks it up.")
        invitations.invite(tenant, email="kim@shop.example", role="agent", actor="olga")
        source = add_source(assistant, kind="text", title="Help", content="We open at nine.")
        create_integration(name="Shop")
        create_team(name="Sales", strategy="round_robin", members=[member], actor="olga")
        usage.reserve(uuid7(), subject=uuid7(), conversation_id=uuid7())
    account_mail.notify(User(email="kim@globex.example"), "passwordChanged")
    ingest(source)
    write(tenant, make_visitor(), "Hello?")


@pytest.fixture(scope="module")
def houses(database):
    """Two tenants with a row of each kind, to be looked at only."""
    acme, globex = make_tenant("Acme"), make_tenant("Globex")
    furnish(acme)
    furnish(globex)
    return acme, globex


def test_a_tenants_page_leads_to_all_that_it_has(operator, houses):
    acme, _ = houses
    page = operator.get(f"tenants/tenant/{acme.pk}/change/").content.decode()

    for label in LISTED - OF_NO_TENANT - {"tenants.tenant"}:
        assert f"/admin/{label.replace('.', '/')}/?tenant__id__exact={acme.pk}" in page, label


def test_the_admin_shows_what_operators_need():
    assert {model._meta.label_lower for model in admin.site._registry} == LISTED


@pytest.mark.parametrize("label", sorted(LISTED))
def test_pages_open(operator, houses, label):
    path = label.replace(".", "/")

    listed = operator.get(f"{path}/")
    searched = operator.get(f"{path}/", q="globex")
    added = operator.get(f"{path}/add/")
    with platform_scope("the test looks for a row of each tenant"):
        rows = list(listed.context["cl"].result_list)
    changed = [operator.get(f"{path}/{row.pk}/change/") for row in rows[:2]]
    historic = operator.get(f"{path}/{rows[0].pk}/history/")

    assert (listed.status_code, searched.status_code, historic.status_code) == (200, 200, 200)
    assert added.status_code == (403 if label in NOT_MADE_HERE else 200)
    assert {page.status_code for page in changed} == {200}
    words = strip_tags(b"".join(page.content for page in (listed, added, *changed)).decode())
    assert not MADE_LABELS.findall(words)


@pytest.mark.parametrize("label", sorted(LISTED - OF_NO_TENANT))
def test_lists_are_filtered_by_tenant(operator, houses, label):
    acme, _ = houses
    name = "id__exact" if label == "tenants.tenant" else "tenant__id__exact"

    page = operator.get(label.replace(".", "/") + "/", **{name: acme.id})

    rows = list(page.context["cl"].result_list)
    assert rows
    assert {getattr(row, "tenant_id", row.pk) for row in rows} == {acme.id}


@pytest.mark.parametrize("label", sorted(LISTED))
def test_garbage_ids_lead_nowhere(operator, label):
    path = label.replace(".", "/")

    for wrong in ("garbage", "00000000-0000-7000-8000-000000000000", "1"):
        assert operator.get(f"{path}/{wrong}/change/").status_code in (302, 404)


def test_an_empty_list_says_so_in_plain_words(operator, acme):
    page = operator.get("assistants/provider/", tenant__id__exact=acme.id).content.decode()
    assert "Nothing matches" in page
    assert "Show all" in page

    owner = Member(make_member(acme, role="owner")).log_in()
    page = owner.get("assistants/provider/").content.decode()
    assert "No model providers yet" in page
    assert "Add model provider" in page


def test_a_tenant_is_never_deleted_here(operator, acme):
    assert operator.get(f"tenants/tenant/{acme.id}/delete/").status_code == 403
    assert operator.post(f"tenants/tenant/{acme.id}/delete/", {"post": "yes"}).status_code == 403


def test_a_conversation_shows_nothing_of_what_was_said(operator, acme):
    make_assistant(acme)
    received = write(acme, make_visitor(), "My secret illness")

    page = operator.get(f"conversations/conversation/{received.conversation_id}/change/")

    assert page.status_code == 200
    assert "illness" not in page.content.decode()


def test_the_audit_log_is_read_only(operator, acme):
    furnish(acme)
    page = operator.get("tenants/auditentry/", tenant__id__exact=acme.id)
    entry = page.context["cl"].result_list[0]

    answers = [
        operator.post("tenants/auditentry/add/", {"action": "lie"}),
        operator.post(f"tenants/auditentry/{entry.pk}/change/", {"action": "lie"}),
        operator.post(f"tenants/auditentry/{entry.pk}/delete/", {"post": "yes"}),
    ]

    assert {answer.status_code for answer in answers} == {403}
