"""Invitations, forgotten passwords, new addresses and second factors, as people meet them."""

import re
import time
import uuid
from base64 import b32decode
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client
from django_otp.oath import TOTP

from tenants import (
    account_mail,
    accounts,
    enrolment,
    invitations,
    limits,
    links,
    passwords,
    second_factor,
    sessions,
)
from tenants.account_forms import CodeForm
from tenants.errors import Conflict, LiveChatError
from tenants.models import (
    AccountMail,
    AuditEntry,
    Invitation,
    Mail,
    Membership,
    SecondFactor,
    Tenant,
    User,
)
from tenants.onboarding import add_member
from tenants.scope import platform_scope, tenant_scope
from tests.factories import PASSWORD, make_member
from tests.isolation.worlds import QUICK
from tests.waiting import beside
from widgets.bubbles import create_bubble
from widgets.wording import BUILT_IN

NEW_PASSWORD = "another long pass phrase"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = QUICK


@pytest.fixture
def own_address():
    """Each test comes from a network of its own, as attempts are counted."""
    return f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"


def browser(address, email="", password=PASSWORD):
    client = Client(REMOTE_ADDR=address)
    if email:
        answer = client.post("/account/log-in/", {"username": email, "password": password})
        assert answer.status_code == 302
    return client


def api_log_in(email, password=PASSWORD, **more):
    answer = Client().post(
        "/api/auth/token",
        {"email": email, "password": password, **more},
        content_type="application/json",
    )
    return answer.status_code, answer.json().get("code", "")


def link_to(email):
    """The path in the newest mail to somebody, of a tenant or of the installation."""
    with platform_scope("operators' admin"):
        found = [*Mail.objects.filter(to=email), *AccountMail.objects.filter(to=email)]
    newest = max(found, key=lambda row: row.created_at)
    return re.search(r"://[^/\s]+(/account/\S+)", newest.text)[1]


def test_an_invitation_says_who_invites_by_name_and_else_by_address(acme, own_address):
    olga = make_member(acme, role="owner").user
    User.objects.filter(pk=olga.pk).update(name="Olga Petrova")
    named = invitations.invite(acme, email="kim@x.example", role="agent", actor=olga.email)
    unnamed = invitations.invite(acme, email="lee@x.example", role="agent", actor="o@x.example")

    for invitation, who in ((named, "Olga Petrova"), (unnamed, "o@x.example")):
        with tenant_scope(acme.id):
            mail = " ".join(Mail.objects.get(to=invitation.email).text.split())
        page = browser(own_address).get(link_to(invitation.email)).content.decode()
        assert f"{who} invites you" in mail
        assert f"{who} invites you" in page
        assert invitation.invited_by == who or invitation.invited_by not in mail + page


def told(email):
    with platform_scope("operators' admin"):
        return [row.subject for row in AccountMail.objects.filter(to=email).order_by("created_at")]


def acts(tenant):
    with tenant_scope(tenant.id):
        return [entry.action for entry in AuditEntry.objects.order_by("at")]


def code_of(user, step=0):
    totp = TOTP(b32decode(enrolment.unseal(user.second_factor.sealed)))
    totp.time = time.time() + 30 * step
    return f"{totp.token():06}"


def enrolled(tenant, **fields):
    member = make_member(tenant, **fields)
    enrolment.begin(member.user)
    member.user.refresh_from_db()
    # Of the step before, so that the code of this one is not used up.
    member.recovery_codes = enrolment.confirm(member.user, code_of(member.user, -1))
    return member


def invite(tenant, email="", role="admin"):
    email = email or f"new-{uuid.uuid4().hex[:12]}@{tenant.slug}.example"
    return invitations.invite(tenant, email=email, role=role, actor="olga@operators.example")


def test_somebody_new_joins_by_the_link_and_once_only(acme, globex, own_address):
    invitation = invite(acme)
    path, client = link_to(invitation.email), browser(own_address)

    page = client.get(path)
    assert b"olga@operators.example invites you" in page.content
    weak = client.post(path, {"name": "Kim", "password": "short"})
    joined = client.post(path, {"name": "Kim", "password": NEW_PASSWORD})
    again = browser(own_address).post(path, {"name": "Eve", "password": NEW_PASSWORD})

    user = User.objects.get(email=invitation.email)
    assert b"Join Acme" in page.content
    assert b"too short" in weak.content
    assert (joined.status_code, joined.headers["Location"]) == (302, "/admin/")
    assert client.get("/account/").status_code == 200
    assert (again.status_code, user.name) == (404, "Kim")
    assert user.email_verified_at is not None
    assert [(row.tenant, row.role) for row in user.memberships.all()] == [(acme, "admin")]
    assert acts(acme) == ["member.invited", "member.added", "member.logged_in"]
    assert acts(globex) == []
    # Who leads the team is in the inbox too, to which the first steps lead.
    origin = {"Origin": "http://testserver"}
    token = client.post("/api/auth/browser/refresh", headers=origin).json()["access"]
    assert sessions.verify_access(token).membership_id == user.memberships.get().id
    with pytest.raises(Conflict):
        invite(acme, email=invitation.email.upper())


def test_agents_who_join_are_in_the_inbox_unless_a_second_factor_is_wanted(
    acme, globex, own_address
):
    origin, said = {"Origin": "http://testserver"}, {"name": "Kim", "password": NEW_PASSWORD}
    Tenant.objects.filter(pk=globex.pk).update(two_factor_required=True)
    joined = {}
    for tenant, led in ((acme, "/#joined"), (globex, "/account/")):
        invitation, client = invite(tenant, role="agent"), browser(own_address)
        path = link_to(invitation.email)
        refused = client.post(path, {**said, "password": "short"})
        assert not refused.cookies.get("refresh")
        joined[tenant] = client
        answer = client.post(path, said)
        assert (answer.status_code, answer.headers["Location"]) == (302, led)

    cookie = joined[acme].cookies["refresh"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == (
        "/api/auth/browser", "Strict", True,
    )  # fmt: skip
    token = joined[acme].post("/api/auth/browser/refresh", headers=origin).json()["access"]
    member = Membership.objects.get(tenant=acme, role="agent")
    assert sessions.verify_access(token).membership_id == member.id
    assert acts(acme) == ["member.invited", "member.added", "member.logged_in"]
    assert "refresh" not in joined[globex].cookies
    assert acts(globex) == ["member.invited", "member.added"]


def test_who_has_an_account_joins_with_it_and_nobody_elses_will_do(acme, globex, own_address):
    member, other = make_member(globex, role="owner"), make_member(globex)
    invite(acme, email=member.user.email)
    path = link_to(member.user.email)

    stranger = browser(own_address).get(path)
    made = browser(own_address).post(path, {"name": "Eve", "password": NEW_PASSWORD})
    colleague = browser(own_address, other.user.email)
    wrong = colleague.post(path)
    elsewhere = ("https://evil.example/", "//evil.example/", "/\\evil.example", "account", "x", "")
    for named, led in ((path, path), *((named, "/account/log-in/") for named in elsewhere)):
        out = colleague.post("/account/log-out/", {"next": named})
        assert (out.status_code, out.headers["Location"]) == (302, led)
    client = browser(own_address, member.user.email)
    right = client.post(path)

    assert f"/account/log-in/?next={path}".encode() in stranger.content
    assert [made.status_code, wrong.status_code, right.status_code] == [200, 200, 302]
    # Of two places, into the one that was just taken.
    assert right.headers["Location"] == "/admin/"
    assert client.get("/admin/").headers["Location"] == f"/admin/start/{acme.id}/"
    assert b"for somebody else" in made.content
    assert b"for somebody else" in wrong.content
    assert set(member.user.memberships.values_list("tenant", flat=True)) == {acme.id, globex.id}
    assert member.user.check_password(PASSWORD)


def test_two_tenants_who_invite_one_person_at_once_make_one_account(acme, globex, own_address):
    email = f"new-{uuid.uuid4().hex[:12]}@both.example"
    paths = []
    for tenant in (acme, globex):
        invite(tenant, email=email)
        paths.append(link_to(email))
    client = browser(own_address)
    said = {"name": "Kim", "password": NEW_PASSWORD}

    with transaction.atomic():
        invitations.accept(paths[0].split("/")[-2], **said)
        late = beside(lambda: client.post(paths[1], said))

    page, log_in = late.result(), f"/account/log-in/?next={paths[1]}"
    assert (page.status_code, log_in.encode() in page.content) == (200, True)
    client.post("/account/log-in/", {"username": email, "password": NEW_PASSWORD})
    assert client.post(paths[1]).status_code == 302
    user = User.objects.get(email=email)
    assert set(user.memberships.values_list("tenant", flat=True)) == {acme.id, globex.id}
    with transaction.atomic():
        third = accounts.make(f"x{email}", name="", password=NEW_PASSWORD)
        added = beside(lambda: add_member(acme, email=f"x{email}"))
    assert (added.result().membership.user, added.result().password) == (third, "")


def test_an_invitation_is_sent_again_taken_back_and_runs_out(acme, own_address):
    invitation, client = invite(acme), browser(own_address)
    first = link_to(invitation.email)
    invitations.resend(invitation, actor="olga")
    second = link_to(invitation.email)
    assert [client.get(path).status_code for path in (first, second)] == [404, 200]

    invitations.revoke(invitation, actor="olga")
    assert client.get(second).status_code == 404
    with pytest.raises(LiveChatError):
        invitations.resend(invitation, actor="olga")

    late = invite(acme)
    path = link_to(late.email)
    with tenant_scope(acme.id):
        Invitation.objects.filter(pk=late.pk).update(expires_at=Now())
    assert client.get(path).status_code == 404

    third = invite(acme)
    path = link_to(third.email)
    Tenant.objects.filter(pk=acme.pk).update(suspended_at=Now())
    assert client.get(path).status_code == 404
    with platform_scope("operators' admin"):
        Invitation.objects.filter(tenant=acme).update(created_at=Now() - timedelta(days=91))
    invitations.forget_old()
    with tenant_scope(acme.id):
        assert not Invitation.objects.exists()


def test_a_forgotten_password_is_set_anew_once(acme, globex, own_address):
    member = make_member(acme)
    email, session = member.user.email, browser(own_address, member.user.email)
    pair = sessions.log_in(email=email, password=PASSWORD)
    client = browser(own_address)

    unknown = client.post("/account/forgotten/", {"email": f"x{email}"})
    known = client.post("/account/forgotten/", {"email": email.upper()})
    path = link_to(email)
    weak = client.post(path, {"password": "short"})
    done = client.post(path, {"password": NEW_PASSWORD})

    shown = [page.content.decode() for page in (unknown, known)]
    assert shown[0].replace(f"x{email}", email) == shown[1].replace(email.upper(), email)
    with platform_scope("operators' admin"):
        (silent,) = AccountMail.objects.filter(to=f"x{email}")
    assert (silent.state, silent.problem) == ("failed", "There is no account of this address.")
    assert (weak.status_code, done.status_code) == (200, 302)
    assert client.get(path).status_code == 404
    assert session.get("/account/").status_code == 302
    with pytest.raises(LiveChatError):
        sessions.verify_access(pair.access)
    assert api_log_in(email)[0] == 401
    assert api_log_in(email, NEW_PASSWORD)[0] == 200
    assert told(email) == ["Set a new password", "Your password was changed."]
    assert "user.password_changed" in acts(acme)
    assert acts(globex) == []


def test_mails_speak_the_language_of_who_gets_them(acme, globex, own_address):
    """The tenant's first one, until a browser has said otherwise; English where we have neither."""
    for tenant, spoken in ((acme, "de-AT"), (globex, "pt")):
        with tenant_scope(tenant.id):
            bubble = create_bubble(tenant, None, name="B", is_default=True, actor="a test")
            bubble.settings = {"languages": [spoken, "fr"]}
            bubble.save()
    email, client = invite(acme).email, browser(own_address)
    said = {"name": "Kim", "password": NEW_PASSWORD}
    arabic, french = ({"Accept-Language": f"pt-BR,{one};q=0.8,en;q=0.5"} for one in ("ar-EG", "fr"))

    client.post(link_to(email), said, headers=arabic)
    client.post("/account/email/", {"current": NEW_PASSWORD, "email": f"x{email}"})
    passwords.change(User.objects.get(email=email), PASSWORD)
    client.post("/account/forgotten/", {"email": email}, headers=french)
    invite(globex, email=email)
    stranger = invite(globex).email

    with platform_scope("operators' admin"):
        rows = [*Mail.objects.filter(tenant__in=[acme, globex])]
        rows += AccountMail.objects.filter(to__endswith=email)
    found = {(row.to, row.template, row.sender): row for row in rows}
    html = {key: row.html for key, row in found.items()}
    first = found[email, "invitation", "Acme"]
    assert first.subject == "Einladung zu Acme auf LiveChat"
    assert "Ihre Rolle: Administrator/in." in first.text
    assert '<html lang="de" dir="ltr">' in first.html
    notice = found[email, "notice", "LiveChat"]
    assert notice.subject == account_mail.WORDS["ar"]["notice.passwordChanged"]
    assert "/account/forgotten/" in notice.text
    for key in ((email, "notice", "LiveChat"), (email, "invitation", "Globex")):
        assert '<html lang="ar" dir="rtl">' in html[key]
    assert '<html lang="ar" dir="rtl">' in html[f"x{email}", "email_confirm", "LiveChat"]
    assert '<html lang="fr"' in html[email, "password_reset", "LiveChat"]
    assert '<html lang="en"' in html[stranger, "invitation", "Globex"]


def test_all_mails_are_in_all_languages():
    english = account_mail.WORDS["en"]
    places = {name: sorted(account_mail.PLACE.findall(text)) for name, text in english.items()}
    assert account_mail.WORDS.keys() == BUILT_IN.keys()
    for language, words in account_mail.WORDS.items():
        spelled = {name: sorted(account_mail.PLACE.findall(text)) for name, text in words.items()}
        assert spelled == places, language
        assert all(words.values()), language


def test_links_are_for_one_purpose_one_state_and_a_while(acme, own_address):
    user, client = make_member(acme).user, browser(own_address)
    claims = {"sub": str(user.pk), "stamp": links.stamp_of(user)}
    good = links.sign(links.RESET, timedelta(hours=1), **claims)
    others = [
        links.sign(links.RESET, timedelta(minutes=-1), **claims),
        links.sign(links.RESET, timedelta(hours=1), **{**claims, "stamp": "x"}),
        links.sign(links.CODE, timedelta(hours=1), **claims),
        links.sign(links.EMAIL, timedelta(hours=1), **claims, email="x@y.example"),
        good[:-2],
        "x",
    ]

    assert client.get(f"/account/reset/{good}/").status_code == 200
    for text in others:
        assert client.get(f"/account/reset/{text}/").status_code == 404
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.post(f"/account/reset/{good}/", {"password": NEW_PASSWORD}).status_code == 404


def test_resets_of_one_address_are_few_whether_or_not_there_is_an_account(acme):
    member = make_member(acme)
    amount = limits.RESET_PER_ADDRESS.window.amount
    for email in (member.user.email, f"nobody@{acme.slug}.example"):
        for number in range(amount):
            passwords.ask_for_reset(email, ip=f"192.0.2.{number}")
        with pytest.raises(LiveChatError, match="Too many"):
            passwords.ask_for_reset(email, ip="192.0.2.99")


def test_own_password_and_address_change_with_the_password_alone(acme, globex, own_address):
    member, taken = make_member(acme), make_member(globex).user.email
    old, new = member.user.email, f"new-{uuid.uuid4().hex[:12]}@{acme.slug}.example"
    client, other = browser(own_address, old), browser(own_address, old)

    assert client.post("/account/name/", {"name": " "}).status_code == 200
    assert client.post("/account/name/", {"name": "Kim <b>"}).status_code == 302
    assert b"Kim &lt;b&gt;" in client.get("/account/").content
    refused = client.post("/account/password/", {"current": "x", "password": NEW_PASSWORD})
    done = client.post("/account/password/", {"current": PASSWORD, "password": NEW_PASSWORD})
    assert (refused.status_code, done.status_code) == (200, 302)
    assert (client.get("/account/").status_code, other.get("/account/").status_code) == (200, 302)

    assert f'value="{old}"' in client.get("/account/email/").content.decode()
    for email in (old, taken, new):
        client.post("/account/email/", {"current": NEW_PASSWORD, "email": email})
    assert client.post(link_to(old)).status_code == 302
    assert f'value="{old}"' not in client.get("/account/email/").content.decode()
    assert client.post(link_to(taken)).status_code == 200
    path = link_to(new)
    assert client.get(path).status_code == 200
    assert User.objects.get(pk=member.user_id).email == old
    assert client.post(path).status_code == 302
    assert client.post(path).status_code == 404

    user = User.objects.get(pk=member.user_id)
    assert (user.email, user.email_verified_at is not None) == (new, True)
    assert told(old) == [
        "Your password was changed.",
        "Confirm your e-mail address",
        f"Your account's address is {new} now.",
    ]
    acted = ["user.password_changed", "user.email_confirmed", "user.email_changed"]
    assert acts(acme)[-3:] == acted


def test_the_api_asks_for_a_second_factor_and_takes_each_code_once(acme, globex):
    member, other = enrolled(acme), make_member(globex)
    email, code = member.user.email, code_of(member.user)
    recovery = member.recovery_codes[0]

    assert api_log_in(email) == (401, "otp_required")
    assert api_log_in(email, "wrong", otp=code) == (401, "invalid_credentials")
    assert api_log_in(email, otp="000000") == (401, "invalid_credentials")
    assert api_log_in(email, otp=code)[0] == 200
    assert second_factor.of(User.objects.get(email=email)).last_step > 0
    for otp, outcome in ((code, 401), (recovery.upper(), 200), (recovery, 401)):
        with_address = Client(REMOTE_ADDR=f"192.0.2.{outcome % 7}")
        answer = with_address.post(
            "/api/auth/token",
            {"email": email, "password": PASSWORD, "otp": otp},
            content_type="application/json",
        )
        assert answer.status_code == outcome
    assert api_log_in(other.user.email)[0] == 200


def test_codes_cannot_be_guessed_from_many_addresses(acme):
    member = enrolled(acme)
    match = second_factor.demand(member.user, code_of(member.user))
    second_factor.spend(match)
    with pytest.raises(LiveChatError, match="not valid"):
        second_factor.spend(match)

    codes = []
    for _ in range(limits.SECOND_FACTOR.window.amount):
        try:
            second_factor.demand(member.user, "000000")
        except LiveChatError as refusal:
            codes.append(refusal.code)

    assert set(codes) == {"invalid_credentials", "rate_limited"}
    with pytest.raises(LiveChatError, match="Too many"):
        second_factor.demand(member.user, code_of(member.user))


def test_the_page_asks_for_the_code_in_a_second_step(acme, own_address):
    member, stranger = enrolled(acme), enrolled(acme)
    client, email = browser(own_address), member.user.email
    said = {"username": email, "password": PASSWORD}

    first = client.post("/account/log-in/", said)
    step = first.context["form"].taken
    wrong = client.post("/account/log-in/", {"step": step, "otp": "000000"})
    theirs = client.post("/account/log-in/", {"step": step, "otp": code_of(stranger.user)})
    forged = client.post("/account/log-in/", {"step": f"{step}x", "otp": code_of(member.user)})
    before = client.get("/account/").status_code
    right = client.post("/account/log-in/", {"step": step, "otp": code_of(member.user)})

    assert [page.status_code for page in (first, wrong, theirs, forged)] == [200] * 4
    assert PASSWORD.encode() not in first.content
    assert b"not right" in wrong.content
    again = browser(own_address).post("/account/log-in/", said).context["form"].taken
    used = {"step": again, "otp": code_of(member.user)}
    assert b"Wait for the next one" in client.post("/account/log-in/", used).content
    assert b"took too long" in forged.content
    assert (before, right.status_code) == (302, 302)
    assert client.get("/account/").status_code == 200


def test_an_app_is_set_up_recovered_and_given_up(acme, own_address):
    member = make_member(acme)
    client, user = browser(own_address, member.user.email), member.user
    pair = sessions.log_in(email=user.email, password=PASSWORD)
    elsewhere = browser("2001:db8::e", user.email)
    with pytest.raises(Conflict, match="no second"):
        enrolment.renew_recovery_codes(user)

    asked = client.get("/account/two-factor/")
    assert b"<svg" not in asked.content
    assert not SecondFactor.objects.filter(user=user).exists()
    page = client.post("/account/two-factor/", {"current": PASSWORD})
    user.refresh_from_db()
    step = page.context["form"].initial["step"]
    theirs = CodeForm(make_member(acme).user).initial["step"]
    key = re.search(r"<code>([A-Z2-7 ]{40})</code>", page.content.decode())[1].replace(" ", "")
    assert b"<svg" in page.content
    assert api_log_in(user.email)[0] == 200
    for other in ("", "x", theirs):
        stray = client.post("/account/two-factor/", {"code": code_of(user), "step": other})
        assert (stray.status_code, b"<svg" in stray.content) == (302, False)
    assert b"took too long" in client.get("/account/two-factor/").content
    wrong = client.post("/account/two-factor/", {"code": "000000", "step": step})
    assert b"not the code" in wrong.content
    assert key in wrong.content.decode().replace(" ", "")
    on = client.post("/account/two-factor/", {"code": code_of(user), "step": step})
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", on.content.decode())
    assert len(set(codes)) == 10
    assert key not in str(user.second_factor.__dict__)
    with pytest.raises(LiveChatError):
        sessions.verify_access(pair.access)
    assert [one.get("/account/").status_code for one in (client, elsewhere)] == [200, 302]

    new = client.post("/account/recovery-codes/", {"current": PASSWORD})
    assert not set(codes) & set(re.findall(r"<code>([a-z2-7-]{19})</code>", new.content.decode()))
    assert client.post("/account/two-factor/off/", {"current": "x"}).status_code == 200
    assert second_factor.of(User.objects.get(pk=user.pk))
    assert client.post("/account/two-factor/off/", {"current": PASSWORD}).status_code == 302
    assert not second_factor.of(User.objects.get(pk=user.pk))
    assert client.get("/account/").status_code == 200
    assert told(user.email) == [
        "Two-factor log-in is on now.",
        "You have new recovery codes.",
        "Two-factor log-in is off now.",
    ]


def test_a_tenant_may_want_two_factors_of_its_members(acme, globex, own_address):
    Tenant.objects.filter(pk=acme.pk).update(two_factor_required=True)
    member, free = make_member(acme, role="owner"), make_member(globex)
    User.objects.filter(pk=member.user_id).update(is_staff=True, is_superuser=True)
    Membership.objects.create(tenant=globex, user=member.user)
    email = member.user.email

    assert api_log_in(email, tenantId=str(acme.id)) == (401, "otp_enrolment_required")
    assert api_log_in(email, tenantId=str(globex.id))[0] == 200
    assert api_log_in(free.user.email)[0] == 200
    client = browser(own_address, email)
    led = client.get("/admin/")
    assert (led.status_code, led.headers["Location"]) == (302, "/account/two-factor/")
    assert b"Your team wants" in client.get("/account/").content

    earlier = sessions.log_in(email=email, password=PASSWORD, tenant_id=str(globex.id))
    Tenant.objects.filter(pk=globex.pk).update(two_factor_required=True)
    with pytest.raises(LiveChatError, match="two factors"):
        sessions.refresh(earlier.refresh)

    step = (
        client.post("/account/two-factor/", {"current": PASSWORD}).context["form"].initial["step"]
    )
    member.user.refresh_from_db()
    client.post("/account/two-factor/", {"code": code_of(member.user), "step": step})
    assert client.get("/admin/").status_code == 200
