"""The inbox's other screens: search, contacts, visitors and settings."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from conversations.models import Contact
from tenants.executor import run_in_db_thread
from tenants.models import LoginSession, Membership
from tenants.scope import tenant_scope
from tests.dashboard.team import member_api
from tests.factories import PASSWORD, make_assistant, make_member, make_visitor
from tests.frontend import inbox
from tests.frontend.accessibility import require_usable, violations
from tests.frontend.test_hostile_pages import EVIL
from tests.frontend.test_presence import LOOK, on_board
from tests.widgets.shops import make_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

# As the inbox itself does, which is quicker than loading it again.
GO = "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }"
SCREENS = [
    "search?q=parcel",
    "search?q=zoe&in=contacts",
    "contacts",
    "visitors",
    *(
        f"settings/{name}"
        for name in (
            "profile",
            "notifications",
            "security",
            "views",
            "canned",
            "labels",
            "teams",
            "members",
            "workspace",
        )
    ),
]


@pytest.fixture
def ana(acme):
    make_shop(acme, "https://shop.example")
    return inbox.member(acme, role="owner")


async def require_good(page, name):
    """Everybody can use it, it fits, and nobody's text is anything but text."""
    await expect(page.locator("main")).not_to_contain_text("Loading…")
    await require_usable(page)
    await picture(page, f"{name}-dark")
    await page.emulate_media(color_scheme="light")
    await picture(page, f"{name}-light")
    await page.set_viewport_size({"width": 360, "height": 780})
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await picture(page, f"{name}-phone")
    await page.set_viewport_size({"width": 1280, "height": 800})
    assert await page.evaluate("'__xss' in window") is False


async def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


def fill(acme):
    """A team and a visitor with names as bad as can be."""
    bob = make_member(acme, email=f"bob@{acme.slug}.example")
    bob.user.name = EVIL
    bob.user.save()
    _, api = member_api(acme, role=Membership.Role.OWNER)
    for path, body in [
        ("labels", {"name": EVIL[:60].replace(",", ""), "color": "#2563eb"}),
        ("canned-responses", {"shortcut": "hi", "text": EVIL}),
        ("views", {"name": EVIL[:60], "filters": {"status": "open"}, "shared": True}),
        ("teams", {"name": EVIL, "memberIds": [str(bob.id)]}),
        ("invitations", {"email": "eve@acme.example", "name": EVIL}),
    ]:
        made = api.post(path, body)
        assert made.status_code == 201, made.content
    waits = inbox.visitor_writes(acme, f"Where is my parcel? {EVIL}", None, f"Zoe {EVIL}")
    inbox.hand_over(acme, waits)


def talkative(acme, text):
    """A conversation that begins so, and of which the inbox does not load all at once."""
    visitor = make_visitor()
    began = inbox.visitor_writes(acme, text, visitor, "Ada Lovelace")
    for number in range(100):
        inbox.visitor_writes(acme, f"By the way, {number}", visitor)
    return began


async def test_every_screen_is_for_everybody(page, ana, acme, globex, live_server_url):
    await run_in_db_thread(fill, acme)
    await run_in_db_thread(make_assistant, globex)
    await run_in_db_thread(inbox.visitor_writes, globex, "A secret parcel", None, "Zoe of theirs")
    await inbox.log_in(page, live_server_url, ana)
    for screen in SCREENS:
        await page.evaluate(GO, f"/{screen}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await require_good(page, re.sub(r"\W+", "-", screen))
        await expect(page.locator("body")).not_to_contain_text("secret")
        await expect(page.locator("body")).not_to_contain_text("of theirs")
    await page.evaluate(GO, "/contacts")
    await page.get_by_role("row").nth(1).get_by_role("link").click()
    await expect(page.get_by_role("heading", name="What is known")).to_be_visible()
    await require_good(page, "contact")


async def test_what_was_said_is_found_and_opened_where_it_was(page, ana, acme, live_server_url):
    ada = await run_in_db_thread(talkative, acme, "A lost umbrella")
    await inbox.log_in(page, live_server_url, ana)
    await inbox.press(page, "/")
    await page.get_by_label("Words").press_sequentially("umbr")
    hit = page.get_by_role("list", name="Messages").get_by_role("link")
    await expect(hit.locator("mark")).to_have_text("umbrella")
    await expect(page).to_have_url(re.compile(r"/search\?q=umbr$"))
    await page.get_by_role("link", name="Contacts", exact=True).last.click()
    await expect(page.get_by_text("Nobody is called so.")).to_be_visible()
    await page.go_back()
    await hit.click()
    await expect(page).to_have_url(re.compile(f"/c/{ada}\\?at=1$"))
    log = page.get_by_role("log")
    await expect(log.get_by_text("A lost umbrella")).to_be_in_viewport()
    await expect(log.get_by_text("By the way, 99")).not_to_be_in_viewport()
    await page.go_back()
    await expect(hit).to_have_count(1)


async def test_contacts_are_changed_merged_and_taken_along(page, ana, acme, live_server_url):
    for text, name in (("Hello", "Ada Lovelace"), ("Good day", "Countess")):
        await run_in_db_thread(inbox.visitor_writes, acme, text, None, name)
    await inbox.log_in(page, live_server_url, ana, "/contacts")
    async with page.expect_download() as file:
        await page.get_by_role("button", name="Export as CSV").click()
    assert "Countess" in (await (await file.value).path()).read_text()
    await page.get_by_role("link", name="Countess").click()
    await expect(page.get_by_role("link", name="Good day")).to_be_visible()
    await page.get_by_label("E-mail").fill("ada@example.com")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved")).to_be_visible()
    await page.get_by_label("Name of the attribute").fill("plan")
    await page.get_by_label("Its value").fill("gold")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("button", name="Remove plan")).to_be_visible()

    await page.get_by_role("button", name="Merge…").click()
    await page.get_by_label("Who is the same person?").fill("lovelace")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("button", name="Ada Lovelace").click()
    await expect(page.get_by_text("Countess is deleted. This cannot be undone.")).to_be_visible()
    await require_usable(page)
    await page.get_by_role("button", name="Merge", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    await expect(page.get_by_label("E-mail")).to_have_value("ada@example.com")
    await expect(page.locator(".hits li")).to_have_count(2)

    def names():
        with tenant_scope(acme.id):
            return list(Contact.objects.values_list("name", flat=True))

    assert await run_in_db_thread(names) == ["Ada Lovelace"]


async def test_the_team_speaks_first(page, browser, acme, site, live_server_url):
    ana = await run_in_db_thread(inbox.member, acme)
    shop = await run_in_db_thread(lambda: make_shop(acme, site.backend, presence_ping=True))
    visitor = await browser.new_page()
    await visitor.goto(site.page(site.mount(shop)))
    _, api = await run_in_db_thread(member_api, acme)
    await run_in_db_thread(on_board, api, 1)
    await inbox.log_in(page, live_server_url, ana, "/visitors")
    await expect(page.get_by_text("1 on your pages")).to_be_visible()
    await require_good(page, "visitors-one")
    await page.get_by_role("button", name="Write first").click()
    await page.get_by_label("Message").fill("Can I help you?")
    await require_usable(page)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("log")).to_contain_text("Can I help you?")
    await visitor.evaluate(LOOK)
    await expect(page.get_by_text("On your site now")).to_be_visible(timeout=20_000)
    await page.goto(f"{live_server_url}/visitors")
    await expect(page.get_by_role("link", name="Open the conversation")).to_be_visible()
    await visitor.goto("about:blank")
    await expect(page.get_by_text("0 on your pages")).to_be_visible(timeout=15_000)
    await visitor.close()


async def test_everybody_sets_things_for_themselves(page, ana, acme, live_server_url):
    await inbox.log_in(page, live_server_url, ana, "/settings")
    await page.get_by_label("Name").fill("Ana the Great")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("switch")).to_contain_text("Ana the Great")
    await page.get_by_label("Dark").check()
    await page.get_by_label("Compact").check()
    await page.get_by_label("Single keys").uncheck()
    await expect(page.locator("html[data-theme=dark][data-density=compact]")).to_have_count(1)
    await page.get_by_role("link", name="All open").click()
    await expect(page.get_by_text("Choose a conversation.")).to_be_visible()
    await page.go_back()

    settings = page.get_by_role("navigation", name="Settings")
    await settings.get_by_role("link", name="Notifications").click()
    await page.get_by_label("A note names you: E-mail").uncheck()
    await page.reload()
    await expect(page.get_by_label("A note names you: E-mail")).not_to_be_checked()
    await expect(page.get_by_label("A note names you: Sound")).to_be_checked()
    await expect(page.locator("html[data-theme=dark]")).to_have_count(1)

    # By the server itself: another process might hash the password anew, which ends log-ins.
    known = {"email": ana.user.email, "password": PASSWORD}
    elsewhere = await page.context.request.post(f"{live_server_url}/api/auth/token", data=known)
    assert elsewhere.ok
    await settings.get_by_role("link", name="Security").click()
    await expect(page.get_by_text("here", exact=True)).to_be_visible()
    await page.get_by_role("button", name="End all others").click()
    await require_usable(page)
    await page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("button", name="End all others")).to_be_hidden()
    live = LoginSession.objects.filter(membership=ana, revoked_at=None)
    assert await run_in_db_thread(live.count) == 1

    await settings.get_by_role("link", name="Profile").click()
    await page.get_by_label("Available for them").uncheck()
    await expect(page.get_by_role("switch")).not_to_be_checked()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    assert await run_in_db_thread(live.count) == 0


async def test_owners_arrange_the_team_and_its_words(page, ana, acme, live_server_url):
    bob = await run_in_db_thread(lambda: make_member(acme, email=f"bob@{acme.slug}.example"))
    await inbox.log_in(page, live_server_url, ana, "/settings/members")
    settings = page.get_by_role("navigation", name="Settings")
    await expect(page.get_by_text(bob.user.email)).to_contain_text("offline, 0 of 5 in hand")
    await page.get_by_label("E-mail").fill("eve@acme.example")
    await page.get_by_role("button", name="Invite", exact=True).click()
    invited = page.get_by_role("list", name="Invitations").get_by_role("listitem")
    await expect(invited).to_have_count(1)
    await page.get_by_role("button", name="Resend the invitation of eve").click()
    await expect(page.get_by_text("Sent again")).to_be_visible()
    await page.get_by_role("button", name="Revoke the invitation").click()
    await expect(invited).to_have_count(0)
    await page.get_by_label("Role of Agent").select_option("admin")
    await expect(page.get_by_text("is admin now")).to_be_visible()

    await settings.get_by_role("link", name="Labels").click()
    await page.get_by_label("New label").fill("billing")
    await page.get_by_role("button", name="Add").click()
    await page.get_by_label("Name of billing").fill("money")
    await page.get_by_role("button", name="Save billing").click()
    await expect(page.get_by_role("button", name="Delete money")).to_be_visible()

    await settings.get_by_role("link", name="Canned responses").click()
    await page.get_by_text("Add a response").click()
    await page.get_by_label("Shortcut").fill("hi")
    await page.get_by_label("Text").fill("Hello {{contact.name|there}}!")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("paragraph").filter(has_text="|there}}!").last).to_be_visible()

    await settings.get_by_role("link", name="Views").click()
    await page.get_by_label("Name").fill("About money")
    await page.get_by_label("Label").select_option("money")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Label: money")).to_be_visible()
    await expect(inbox.view(page, "About money").first).to_be_visible()
    await inbox.view(page, "About money").first.click()
    await expect(page.get_by_role("heading", name="About money", exact=True)).to_be_visible()
    await inbox.view(page, "Settings").click()
    await settings.get_by_role("link", name="Labels").click()
    await page.get_by_role("button", name="Delete money").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(inbox.view(page, "About money")).to_have_count(0)
    await page.locator(".brand").click()
    await expect(page.get_by_role("heading", name="All open", exact=True)).to_be_visible()
    await inbox.view(page, "Settings").click()

    await settings.get_by_role("link", name="Teams").click()
    await page.get_by_text("Make a team").click()
    await page.get_by_label("Name").fill("Sales")
    await page.get_by_label("Agent", exact=True).check()
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("button", name="Delete Sales")).to_be_visible()
    await settings.get_by_role("link", name="Members").click()
    await page.get_by_role("button", name="Remove Agent").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("button", name="Remove Agent")).to_be_hidden()
    await run_in_db_thread(bob.refresh_from_db)
    assert not bob.is_active


def queue(acme):
    """A team of which the agent is not, and somebody who waits for it."""
    _, api = member_api(acme, role=Membership.Role.OWNER)
    team = api.post("teams", {"name": "Sales"}).json()["id"]
    waits = inbox.visitor_writes(acme, "Anybody?", None, "Ada Lovelace")
    inbox.hand_over(acme, waits)
    api.post(f"conversations/{waits}/assign", {"teamId": team})


async def test_agents_see_the_queue_and_set_only_what_is_their_own(page, acme, live_server_url):
    await run_in_db_thread(make_shop, acme, "https://shop.example")
    agent = await run_in_db_thread(inbox.member, acme)
    await run_in_db_thread(queue, acme)
    await inbox.log_in(page, live_server_url, agent, "/settings/teams")
    await expect(page.get_by_role("row", name="Ada Lovelace")).to_contain_text("Sales")
    await expect(page.locator(".card", has_text="Sales")).to_contain_text("Nobody is in it.")
    await expect(page.get_by_text("Open. Whoever asks for a person")).to_be_visible()
    api, place = await run_in_db_thread(inbox.share_view, acme, "Urgent")
    await expect(inbox.view(page, "Urgent")).to_be_visible()
    await run_in_db_thread(api.delete, place)
    await expect(inbox.view(page, "Urgent")).to_have_count(0)
    await page.get_by_label("Conversations that you take at once").fill("3")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved")).to_be_visible()
    settings = page.get_by_role("navigation", name="Settings")
    await expect(settings.get_by_role("link", name="Workspace")).to_have_count(0)
    for name in ("Labels", "Canned responses", "Members", "Teams and queue"):
        await settings.get_by_role("link", name=name).click()
        await expect(page.get_by_role("heading", name=name, level=2)).to_be_visible()
        for what in ("Make a team", "Change", "Delete", "Add", "Invite", "Remove"):
            await expect(page.locator(".setting").get_by_text(what, exact=True)).to_have_count(0)
    await page.reload()
    await expect(page.get_by_label("Conversations that you take at once")).to_have_value("3")
