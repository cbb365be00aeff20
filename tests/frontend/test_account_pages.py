"""People's own pages in a browser: each is readable, fits, and can be used by everybody."""

import os
import time
from base64 import b32decode
from urllib.parse import urlsplit

import pytest
from django_otp.oath import TOTP
from playwright.async_api import expect

from tenants import invitations, links, passwords
from tenants.executor import run_in_db_thread
from tenants.models import Mail, Tenant
from tenants.scope import tenant_scope
from tests.factories import PASSWORD, make_member
from tests.frontend import inbox
from tests.frontend.accessibility import violations

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOKS = [("light", 1280), ("dark", 360)]
SHOTS = os.environ.get("SCREENSHOTS", "")


async def look_at(page, name):
    """Nothing sticks out and nothing is wrong, in daylight and at night, on desk and phone."""
    for scheme, width in LOOKS:
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/{name}-{scheme}.png", full_page=True)
        assert await violations(page) == [], (name, scheme)


def invited(tenant, email, role="agent"):
    invitation = invitations.invite(tenant, email=email, role=role, actor="olga@acme.example")
    return urlsplit(invitations.link_of(invitation)).path


def link_to(page, token_type, user, **claims):
    stamp = links.stamp_of(user)
    token = links.sign(
        token_type, passwords.RESET_LIFETIME, sub=str(user.pk), stamp=stamp, **claims
    )
    return urlsplit(links.address_of(page, token)).path


def code_of(key):
    return f"{TOTP(b32decode(key)).token():06}"


def code_after(key):
    """The code of the next step, which is let in early."""
    totp = TOTP(b32decode(key))
    totp.time = time.time() + 30
    return f"{totp.token():06}"


async def test_an_owner_who_joins_goes_on_to_the_inbox(page, acme, live_server_url):
    path = await run_in_db_thread(invited, acme, f"kim@{acme.slug}.example", "owner")
    await page.goto(live_server_url + path)
    await page.get_by_label("Your name").fill("Kim")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await page.get_by_role("link", name="inbox", exact=True).click()

    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert urlsplit(page.url)[2:] == ("/", "", "")


async def test_a_member_joins_sets_up_two_factors_and_logs_in(page, acme, live_server_url):
    email = f"kim@{acme.slug}.example"
    path = await run_in_db_thread(invited, acme, email)
    await page.goto(live_server_url + path)
    await look_at(page, "invitation")
    await page.get_by_label("Your name").fill("Kim")
    await page.get_by_label("Password").fill("short")
    await page.get_by_role("button", name="Join").click()
    await page.get_by_text("too short").wait_for()
    await look_at(page, "invitation-refused")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    # Nobody is asked again for what they have just said.
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert urlsplit(page.url)[2:] == ("/", "", "")
    await page.reload()
    await inbox.palette(page, "log out")
    await expect(page.get_by_label("Password")).to_be_visible()
    await page.goto(f"{live_server_url}/account/")
    assert await page.get_by_role("link", name="Open the inbox").get_attribute("href") == "/"
    await look_at(page, "account")

    for link, name in (
        ("Change name", "name"),
        ("Change e-mail", "email"),
        ("Change password", "password"),
    ):
        await page.get_by_role("link", name=link).click()
        await look_at(page, name)
        await page.get_by_role("link", name="Cancel").click()
    await page.get_by_role("link", name="Set up").click()
    await look_at(page, "two-factor")
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.get_by_role("button", name="Set up").click()
    await page.get_by_label("Code of the app").wait_for()
    await look_at(page, "two-factor-key")
    key = (await page.locator("code").inner_text()).replace(" ", "")
    await page.get_by_label("Code of the app").fill(code_of(key))
    await page.get_by_role("button", name="Turn on").click()
    await page.get_by_role("heading", name="Two-factor log-in is on").wait_for()
    await look_at(page, "recovery")
    await page.get_by_role("link", name="I have them").click()
    await look_at(page, "account-two-factor")
    await page.get_by_role("link", name="Turn off").click()
    await look_at(page, "off")

    await page.get_by_role("button", name="Log out").click()
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    code = page.get_by_label("Code of your authenticator app")
    await code.fill("000000")
    await look_at(page, "code")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_text("not right").wait_for()
    await code.fill(code_after(key))
    await page.get_by_role("button", name="Go on").click()
    await page.wait_for_url("**/account/")

    await page.goto(live_server_url)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_label("Code of your authenticator app")).to_be_focused()
    # Browsers call it an error that a code is wanted.
    page.complaints.clear()


async def test_the_pages_of_strangers_and_of_links(page, acme, globex, live_server_url):
    member = await run_in_db_thread(make_member, globex)
    theirs = await run_in_db_thread(invited, acme, member.user.email)
    reset = link_to("account-reset", links.RESET, member.user)
    confirm = link_to("account-email", links.EMAIL, member.user, email="new@globex.example")
    for path, name in (
        ("/account/log-in/", "log-in"),
        ("/admin/login/", "admin-log-in"),
        ("/account/forgotten/", "forgotten"),
        (theirs, "invitation-account"),
        (reset, "reset"),
        (confirm, "confirm"),
    ):
        await page.goto(live_server_url + path)
        await look_at(page, name)

    await page.goto(f"{live_server_url}/account/forgotten/")
    await page.get_by_label("E-mail").fill(member.user.email)
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()
    await look_at(page, "sent")
    await page.goto(live_server_url + confirm)
    await page.get_by_role("button", name="Confirm").click()
    await page.wait_for_url("**/account/log-in/**")
    await look_at(page, "confirmed")


def written(tenant, to):
    """The mail of an invitation, as it is before the worker sends it."""
    invited(tenant, to)
    with tenant_scope(tenant.id):
        return Mail.objects.get(to=to).html


async def test_a_mail_is_readable_by_day_and_night(page, acme):
    await run_in_db_thread(set_color, acme, "#ffd400")
    await page.set_content(await run_in_db_thread(written, acme, f"kim@{acme.slug}.example"))
    await look_at(page, "mail")


def set_color(tenant, color):
    Tenant.objects.filter(pk=tenant.pk).update(brand_color=color)
    tenant.refresh_from_db()
