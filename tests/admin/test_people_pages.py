"""What operators change about tenants, people and credentials."""

from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now
from django.test import Client

from tenants import credentials, enrolment, sessions
from tenants.errors import LiveChatError
from tenants.models import (
    AccountMail,
    AuditEntry,
    Credential,
    Membership,
    SecondFactor,
    Tenant,
    User,
)
from tenants.scope import tenant_scope
from tests.admin.operators import object_id, shown_secrets
from tests.dashboard.team import Api, access_token, key_api
from tests.factories import PASSWORD, make_assistant, make_member

Kind = Credential.Kind
NEW_PASSWORD = "another long pass phrase"


def acts(tenant):
    with tenant_scope(tenant.id):
        entries = AuditEntry.objects.order_by("at")
        return [(entry.action, entry.actor) for entry in entries]


def may_log_in(email, password, tenant=None):
    try:
        sessions.log_in(email=email, password=password, tenant_id=tenant and str(tenant.id))
    except LiveChatError:
        return False
    return True


def new_tenant(operator, acme, **changes):
    slug = f"new-{acme.slug}"
    given = {"name": "New", "slug": slug, "email": f"o@{slug}.example", "person": "Olga"}
    return operator.submit("tenants/tenant/add/", **{**given, **changes}), slug


def test_an_owner_may_get_a_password_of_the_operators_choice(operator, acme):
    answer, slug = new_tenant(operator, acme, password=NEW_PASSWORD)

    tenant = Tenant.objects.get(slug=slug)
    assert answer.status_code == 302
    assert may_log_in(f"o@{slug}.example", NEW_PASSWORD)
    assert ("tenant.created", operator.email) in acts(tenant)
    assert ("member.added", operator.email) in acts(tenant)


def test_somebody_with_an_account_keeps_the_password(operator, acme, globex):
    member = make_member(globex)

    answer, slug = new_tenant(operator, acme, email=member.user.email, password=NEW_PASSWORD)

    tenant = Tenant.objects.get(slug=slug)
    assert answer.status_code == 302
    assert may_log_in(member.user.email, PASSWORD, tenant)
    assert not may_log_in(member.user.email, NEW_PASSWORD, tenant)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short"}, "password"),
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"name": ""}, "name"),
        ({"slug": "not a slug"}, "slug"),
    ],
)
def test_a_tenant_that_makes_no_sense_is_not_made(operator, acme, changes, field):
    before = Tenant.objects.count()

    page, _ = new_tenant(operator, acme, **changes)

    assert field in page.context["adminform"].form.errors
    assert Tenant.objects.count() == before


def test_a_tenant_may_let_guests_in(operator, acme, globex):
    operator.save(f"tenants/tenant/{acme.id}/change/", guests_allowed="on")

    for tenant in (acme, globex):
        tenant.refresh_from_db()
    assert (acme.guests_allowed, globex.guests_allowed) == (True, False)
    assert acts(acme) == [("tenant.changed", operator.email)]


def test_a_taken_slug_is_refused(operator, acme):
    page, _ = new_tenant(operator, acme, slug=acme.slug)

    assert "slug" in page.context["adminform"].form.errors


def test_suspending_and_resuming_a_tenant(operator, acme, globex):
    api = Api(access_token(make_member(acme)))
    other = Api(access_token(make_member(globex)))
    path = f"tenants/tenant/{acme.id}"

    asked = operator.get(f"{path}/suspend/")
    untouched = api.get("me").status_code
    operator.post(f"{path}/suspend/")
    suspended = api.get("me").status_code
    unaffected = other.get("me").status_code
    operator.post(f"{path}/resume/")
    resumed = api.get("me").status_code

    assert asked.status_code == 200
    assert (untouched, suspended, unaffected, resumed) == (200, 403, 200, 200)
    assert [act for act in acts(acme) if act[1] == operator.email] == [
        ("tenant.suspended", operator.email),
        ("tenant.resumed", operator.email),
    ]


def test_a_member_is_invited_again_shown_the_link_and_refused(operator, acme):
    email = f"new@{acme.slug}.example"

    answer = operator.save(
        "tenants/membership/add/", tenant=acme.id, email=email, person="Kim Lee", role="admin"
    )

    page = f"tenants/invitation/{object_id(answer)}"
    assert answer.headers["Location"] == f"/admin/{page}/change/"
    assert b"pending" in operator.get(f"{page}/change/").content
    assert operator.post(f"{page}/resend/").status_code == 302
    told = operator.post(f"{page}/show_link/")
    (link,) = shown_secrets(told)
    assert "no-store" in told.headers["Cache-Control"]
    assert b'value="Kim Lee"' in Client().get(urlsplit(link).path).content
    operator.post(f"{page}/revoke/")
    assert Client().get(urlsplit(link).path).status_code == 404
    assert not Membership.objects.filter(tenant=acme).exists()
    assert acts(acme) == [
        (act, operator.email)
        for act in ("member.invited", "invitation.resent", "invitation.revoked")
    ]


def test_a_lost_phone_is_forgotten_and_mail_that_failed_is_sent_again(operator, acme):
    member = make_member(acme)
    enrolment.begin(member.user)
    SecondFactor.objects.filter(user=member.user).update(confirmed_at=Now())
    assert not may_log_in(member.user.email, PASSWORD)

    asked = operator.get(f"tenants/user/{member.user_id}/reset_second_factor/")
    operator.post(f"tenants/user/{member.user_id}/reset_second_factor/")

    assert asked.status_code == 200
    assert may_log_in(member.user.email, PASSWORD)
    assert ("second_factor.removed", operator.email) in acts(acme)
    notice = AccountMail.objects.get(to=member.user.email)
    AccountMail.objects.filter(pk=notice.pk).update(state="failed", problem="550 no such person")
    assert b"550 no such person" in operator.get("tenants/accountmail/", q=notice.to).content
    operator.post(f"tenants/accountmail/{notice.pk}/send_again/")
    notice.refresh_from_db()
    assert notice.state in ("waiting", "sent")
    assert operator.get("tenants/mail/").status_code == 200


def test_a_member_is_not_added_twice(operator, acme):
    member = make_member(acme)

    page = operator.submit(
        "tenants/membership/add/", tenant=acme.id, email=member.user.email.upper(), role="agent"
    )

    assert "email" in page.context["adminform"].form.errors


@pytest.mark.parametrize("changes", [{"role": "admin"}, {"is_active": ""}])
def test_a_changed_membership_ends_its_sessions(operator, acme, changes):
    member = make_member(acme)
    api = Api(access_token(member))
    page = operator.get(f"tenants/membership/{member.pk}/change/")
    assert api.get("me").status_code == 200

    data = {"role": "agent", "is_active": "on", **changes}
    operator.post(f"tenants/membership/{member.pk}/change/", {k: v for k, v in data.items() if v})

    assert page.status_code == 200
    assert api.get("me").status_code == 401
    assert acts(acme)[-1] == ("membership.changed", operator.email)


def test_a_new_password_ends_all_sessions(operator, acme):
    member = make_member(acme)
    api = Api(access_token(member))

    answer = operator.post(
        f"tenants/user/{member.user_id}/password/",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
    )

    assert answer.status_code == 302
    assert api.get("me").status_code == 401
    assert may_log_in(member.user.email, NEW_PASSWORD)
    assert acts(acme)[-2][0] == "user.password_set"


def test_a_weak_password_is_refused(operator, acme):
    member = make_member(acme)
    api = Api(access_token(member))

    answer = operator.post(
        f"tenants/user/{member.user_id}/password/", {"password1": "short", "password2": "short"}
    )

    assert answer.status_code == 200
    assert api.get("me").status_code == 200


def test_a_dismissed_user_is_out(operator, acme):
    member = make_member(acme)
    api = Api(access_token(member))

    email, page = member.user.email, f"tenants/user/{member.user_id}/change/"
    operator.save(page, is_active="", email=f"new-{email}")

    assert f"new-{email}" in AccountMail.objects.get(to=email).subject
    assert not User.objects.get(pk=member.user_id).is_active
    assert api.get("me").status_code == 401
    assert acts(acme)[-1] == ("user.changed", operator.email)


def test_a_second_operator_is_made(operator, acme):
    email = f"second@{acme.slug}.example"

    operator.save(
        "tenants/user/add/",
        email=email,
        name="Second",
        password1=NEW_PASSWORD,
        password2=NEW_PASSWORD,
        usable_password="true",
        is_staff="on",
    )

    user = User.objects.get(email=email)
    assert (user.is_staff, user.is_superuser) == (True, True)
    assert user.check_password(NEW_PASSWORD)


def test_an_api_key_is_shown_once_and_works(operator, acme):
    told = operator.save(
        "tenants/credential/add/",
        tenant=acme.id,
        name="CRM",
        scopes=["conversations:read"],
        origins="https://crm.example",
    )

    ((key),) = shown_secrets(told)
    credential = Credential.objects.get(tenant=acme, kind=Kind.API_KEY)
    again = operator.client.post(f"/admin/tenants/credential/{credential.pk}/show/", follow=True)
    assert Api(key).get("conversations").status_code == 200
    assert Api(key).post("attachments").status_code == 403
    assert credential.origins == ["https://crm.example"]
    assert "shown only when it is made" in again.content.decode()
    assert key not in again.content.decode()
    assert acts(acme)[-1] == ("credential.issued", operator.email)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"origins": "crm.example"}, "origins"),
        ({"scopes": ["fly"]}, "scopes"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(operator, acme, changes, field):
    page = operator.submit(
        "tenants/credential/add/",
        **{"tenant": acme.id, "name": "CRM", "scopes": ["*"], **changes},
    )

    assert field in page.context["adminform"].form.errors
    assert not Credential.objects.filter(tenant=acme).exists()


def test_rotating_a_key_keeps_the_old_one_for_the_chosen_time(operator, acme):
    soon, at_once = (
        credentials.issue(acme, Kind.API_KEY, name=name, scopes=["*"]) for name in ("a", "b")
    )

    asked = operator.get(f"tenants/credential/{soon.credential.pk}/rotate/")
    kept = operator.post(f"tenants/credential/{soon.credential.pk}/rotate/", {"grace": "24"})
    dropped = operator.post(f"tenants/credential/{at_once.credential.pk}/rotate/", {"grace": "0"})
    wrong = operator.post(f"tenants/credential/{at_once.credential.pk}/rotate/", {"grace": "9999"})

    assert "form" in asked.context
    assert wrong.status_code == 200
    assert Api(shown_secrets(kept)[0]).get("me").status_code == 200
    assert Api(soon.secret).get("me").status_code == 200
    assert Api(shown_secrets(dropped)[0]).get("me").status_code == 200
    assert Api(at_once.secret).get("me").status_code == 401


def test_a_revoked_key_opens_nothing(operator, acme):
    api = key_api(acme, "*")
    credential = Credential.objects.get(tenant=acme)
    path = f"tenants/credential/{credential.pk}/revoke/"

    operator.get(path)
    untouched = api.get("me").status_code
    operator.post(path)
    page = operator.get(f"tenants/credential/{credential.pk}/change/").content.decode()

    assert (untouched, api.get("me").status_code) == (200, 401)
    assert "revoked" in page


def test_no_secret_is_kept_in_the_log_or_in_a_list(operator, acme):
    assistant = make_assistant(acme)
    issued = [
        credentials.issue(acme, Kind.WEB_INTEGRATION_TOKEN, name="Web"),
        credentials.issue(acme, Kind.API_TOKEN, subject_id=assistant.pk),
        credentials.issue(acme, Kind.API_KEY, scopes=["*"]),
    ]

    pages = [
        operator.get("tenants/credential/", tenant__id__exact=acme.id),
        operator.get("tenants/auditentry/", tenant__id__exact=acme.id),
        *(operator.get(f"tenants/credential/{one.credential.pk}/change/") for one in issued),
    ]

    texts = [page.content.decode() for page in pages]
    assert not any(one.secret in text for one in issued for text in texts)
