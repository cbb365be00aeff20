"""The admin is for operators and owners, and keeps apart what it shows of all tenants."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern

from assistants.models import Budget
from tenants.models import User
from tenants.scope import TenantModel, platform_scope, tenant_scope
from tests.admin.operators import filled
from tests.admin.test_pages import furnish
from tests.dashboard.team import access_token
from tests.factories import PASSWORD, make_member

# What somebody sees who is not logged in yet, or not any more.
OPEN = {"login/", "logout/"}
ANYWHERE = "01a22b7e-cdfa-7197-abbc-323a2083b553"


def paths(patterns, prefix=""):
    """Every address of the admin, with something in the place of what varies."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path.replace("<path:object_id>", ANYWHERE).replace("<path:url>", "x")
        else:
            yield from paths(pattern.url_patterns, path)


def test_no_address_of_the_admin_is_for_anybody_else(acme, globex):
    agent = make_member(acme, role="agent")
    left = User.objects.create_user("left@operators.example", PASSWORD, is_staff=True)
    members, former = Client(), Client()
    with platform_scope("the test makes sessions"):
        members.force_login(agent.user)
        former.force_login(left)
    User.objects.filter(pk=left.pk).update(is_active=False)
    bearer = {"Authorization": f"Bearer {access_token(agent)}"}
    addresses = {path.split("(?")[0] for path in paths(admin.site.urls[0])} - OPEN

    assert len(addresses) > 80
    for path in sorted(addresses):
        for client, headers in ((members, bearer), (former, {})):
            for ask in (client.get, client.post):
                answer = ask(f"/admin/{path}", headers=headers)
                assert answer.status_code == 302, path
                assert answer.headers["Location"].startswith("/admin/login/"), path


def test_a_row_can_choose_among_its_own_tenants_rows_only(operator, acme, globex):
    furnish(acme)
    furnish(globex)
    choosers = set()

    for model, page in admin.site._registry.items():
        if issubclass(model, TenantModel):
            with platform_scope("the test looks for a row"):
                row = model.objects.filter(tenant=acme).first()
            path = f"{model._meta.label_lower.replace('.', '/')}/{row.pk}/change/"
            form = operator.get(path).context["adminform"].form
            for name, field in form.fields.items():
                chosen = getattr(getattr(field, "queryset", None), "model", None)
                if chosen is not None and issubclass(chosen, TenantModel):
                    choosers.add((model.__name__, name))
                    with platform_scope("the test looks at what can be chosen"):
                        tenants = set(field.queryset.values_list("tenant", flat=True))
                    assert tenants <= {acme.id}, (page, name)

    assert {("Bubble", "assistant"), ("WebIntegration", "assistant")} <= choosers


@pytest.mark.parametrize("part", ["id", "tenant"])
def test_a_part_of_a_page_that_is_another_tenants_is_not_written(operator, acme, globex, part):
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            Budget.objects.create(tenant=tenant, turns_per_month=10)
    with tenant_scope(globex.id):
        theirs = Budget.objects.get()
    path = f"tenants/tenant/{acme.id}/change/"
    data = filled(operator.get(path))
    names = [name for name in data if name.endswith("turns_per_month")]
    prefix = names[0].removesuffix("turns_per_month")

    value = {"id": theirs.pk, "tenant": globex.id}[part]
    operator.post(path, {**data, names[0]: "999", f"{prefix}{part}": value})

    with tenant_scope(globex.id):
        assert Budget.objects.get().turns_per_month == 10
