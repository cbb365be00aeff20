"""What operators see and set of what answers cost."""

from dataclasses import replace

import pytest

from assistants import usage
from assistants.models import Budget
from tenants.ids import uuid7
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.assistants.budgets import PRICED, limit
from tests.factories import make_assistant, make_visitor, write


def spend(tenant, *, turns=1, usage_of_each=PRICED, conversation_id=None):
    with tenant_scope(tenant.id):
        for _ in range(turns):
            key = uuid7()
            usage.reserve(key, subject=None, conversation_id=conversation_id)
            usage.settle(key, usage_of_each)


def budget(tenant):
    with tenant_scope(tenant.id):
        found = Budget.objects.first()
        return found and (found.turns_per_month, found.tokens_per_month)


def budget_acts(tenant):
    with tenant_scope(tenant.id):
        entries = AuditEntry.objects.filter(action__startswith="budget.").order_by("at")
        return [(entry.action, entry.actor, entry.details.get("fields")) for entry in entries]


def test_an_operator_limits_a_tenant_on_its_page(operator, acme, globex):
    page = f"tenants/tenant/{acme.id}/change/"

    operator.save(page, **{"budget-0-turns_per_month": "100"})
    assert budget(acme) == (100, None)
    operator.save(page, **{"budget-0-turns_per_month": "", "budget-0-tokens_per_month": "0"})

    assert (budget(acme), budget(globex)) == ((None, 0), None)
    assert budget_acts(acme) == [
        ("budget.created", operator.email, None),
        ("budget.changed", operator.email, ["turns_per_month", "tokens_per_month"]),
    ]
    assert budget_acts(globex) == []


def test_a_page_that_is_saved_without_limits_makes_none(operator, acme):
    operator.save(f"tenants/tenant/{acme.id}/change/", name="Renamed")

    assert (budget(acme), budget_acts(acme)) == (None, [])


@pytest.mark.parametrize("wrong", ["-1", "many", "1.5", "9" * 30])
def test_a_limit_is_a_number(operator, acme, wrong):
    answer = operator.submit(
        f"tenants/tenant/{acme.id}/change/", **{"budget-0-turns_per_month": wrong}
    )

    assert answer.status_code == 200
    assert budget(acme) is None


def test_a_new_tenant_is_not_asked_for_limits(operator):
    page = operator.get("tenants/tenant/add/")

    assert page.context["inline_admin_formsets"] == []


@pytest.mark.parametrize("is_limited", [True, False])
def test_the_month_is_shown_beside_the_limits(operator, acme, globex, is_limited):
    if is_limited:
        limit(acme, turns_per_month=2000)
    spend(acme, turns=2)
    spend(globex)

    page = operator.get(f"tenants/tenant/{acme.id}/change/").content.decode()

    assert "2 turns, 50 tokens, US$ 0.01" in page
    assert "1 turns" not in page


def test_the_ledger_shows_what_was_spent_and_nothing_of_what_was_said(operator, acme, globex):
    make_assistant(acme)
    received = write(acme, make_visitor(), "My secret illness")
    spend(acme, conversation_id=received.conversation_id)

    listed = operator.get("assistants/usageentry/", tenant__id__exact=acme.id)
    entry = listed.context["cl"].result_list[0]
    page = operator.get(f"assistants/usageentry/{entry.pk}/change/")

    for shown in (listed, page):
        assert shown.status_code == 200
        assert "illness" not in shown.content.decode()
        assert str(received.conversation_id) in shown.content.decode()
        assert "0.0030" in shown.content.decode()

    spend(globex, usage_of_each=replace(PRICED, cost=None))
    listed = operator.get("assistants/usageentry/", tenant__id__exact=globex.id)
    assert listed.context["cl"].result_list[0].unpriced_tokens > 0
    assert "0.0000" not in listed.content.decode()


def test_the_ledger_is_read_only(operator, acme):
    spend(acme)
    page = operator.get("assistants/usageentry/", tenant__id__exact=acme.id)
    entry = page.context["cl"].result_list[0]

    answers = [
        operator.post("assistants/usageentry/add/", {"cost": "0"}),
        operator.post(f"assistants/usageentry/{entry.pk}/change/", {"cost": "0"}),
        operator.post(f"assistants/usageentry/{entry.pk}/delete/", {"post": "yes"}),
    ]

    assert {answer.status_code for answer in answers} == {403}
