import uuid

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import ProgrammingError
from django.test import Client
from django.utils import timezone

from tenants import sessions
from tenants.models import Membership, User
from tests.admin.operators import Operator
from tests.factories import PASSWORD, make_member


def log_in(client, email, password=PASSWORD, **headers):
    return client.post("/admin/login/", {"username": email, "password": password}, headers=headers)


def test_an_operator_logs_in_and_out():
    operator = Operator()

    answer = log_in(operator.client, operator.email)
    index = operator.get("")
    operator.post("logout/")
    after = operator.get("")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert index.status_code == 200
    assert after.status_code == 302


def test_agents_do_not_get_in(acme):
    client, member = Client(), make_member(acme, role="agent")

    answer = log_in(client, member.user.email)

    assert answer.status_code == 200
    assert "Only operators" in str(answer.context["form"].errors)
    assert client.get("/admin/").status_code == 302
    # Somebody who is logged in reads why.
    client.post("/account/log-in/", {"username": member.user.email, "password": PASSWORD})
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/account/"
    assert "Open the inbox" in page.content.decode()


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_who_runs_a_tenant_gets_in_until_that_ends(acme, role):
    client, member = Client(), make_member(acme, role=role)
    path = f"/admin/start/{acme.id}/"

    answer = log_in(client, member.user.email)
    inside = client.get(path)
    changed = client.get("/admin/password_change/")
    acme.suspended_at = timezone.now()
    acme.save()
    suspended = client.get(path)
    acme.suspended_at = None
    acme.save()
    again = client.get(path)
    Membership.objects.filter(pk=member.pk).update(role="agent")
    demoted = client.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert (changed.status_code, changed.headers["Location"]) == (302, "/account/password/")
    seen = [page.status_code for page in (inside, suspended, again, demoted)]
    assert client.get("/admin/").status_code == 302
    assert seen == [200, 302, 200, 302]


def test_an_operator_who_left_is_out_at_once():
    operator = Operator().log_in()
    User.objects.filter(pk=operator.user.pk).update(is_active=False)

    assert operator.get("").status_code == 302
    assert log_in(Client(), operator.email).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tenants/tenant/",
        "tenants/tenant/add/",
        "tenants/credential/00000000-0000-7000-8000-000000000000/show/",
        "assistants/assistant/00000000-0000-7000-8000-000000000000/publish/",
        "widgets/bubble/add/",
        "jsi18n/",
        "autocomplete/",
        "password_change/",
        "nowhere/",
    ],
)
def test_strangers_are_sent_to_the_door(path):
    client = Client()

    for answer in (client.get(f"/admin/{path}"), client.post(f"/admin/{path}")):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")


def test_attempts_are_limited_together_with_the_dashboards(acme):
    operator = Operator()
    client = Client()
    wrong = [log_in(client, operator.email, "wrong password").status_code for _ in range(4)]
    api = client.post(
        "/api/auth/token",
        {"email": operator.email, "password": "wrong"},
        content_type="application/json",
    )

    refused = log_in(client, operator.email)
    elsewhere = log_in(Client(REMOTE_ADDR="192.0.2.9"), operator.email)

    assert wrong == [200] * 4
    assert api.status_code == 401
    assert refused.status_code == 200
    assert "Too many attempts" in str(refused.context["form"].errors)
    assert elsewhere.status_code == 302


def test_forms_of_other_sites_are_refused(operator):
    client = Client(enforce_csrf_checks=True)
    client.cookies = operator.client.cookies

    answer = client.post("/admin/tenants/tenant/add/", {"name": "Evil"})

    assert answer.status_code == 403


def test_only_the_admin_may_touch_djangos_own_tables():
    with pytest.raises(ProgrammingError, match="permission denied"):
        Session.objects.exists()


def test_the_rest_of_the_product_stays_confined(operator, settings):
    """The cookie of an operator opens nothing outside of the admin."""
    assert operator.client.get("/api/me").status_code == 401
    assert operator.client.get("/").status_code == 200


def test_a_superuser_is_made_on_the_command_line(monkeypatch):
    email = f"{uuid.uuid4().hex}@operators.example"
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", email=email, interactive=False, verbosity=0)

    assert log_in(Client(), email).status_code == 302


def test_an_operators_password_is_no_way_into_a_tenant(operator):
    with pytest.raises(Exception, match="not valid"):
        sessions.log_in(email=operator.email, password=PASSWORD)
