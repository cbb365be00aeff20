"""The team's inbox: logging in, a list that lives, one line for all tabs, and the way by keys."""

import re
from functools import partial

import pytest
import pytest_asyncio
from playwright.async_api import expect

from livechat.embedded.redis import free_port
from tenants.executor import run_in_db_thread
from tests.dashboard.team import member_api
from tests.factories import make_assistant, make_visitor
from tests.frontend import inbox
from tests.frontend.accessibility import require_usable
from tests.servers import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def ana(acme):
    make_assistant(acme)
    return inbox.member(acme, role="owner")


@pytest_asyncio.fixture(loop_scope="module")
async def another_tab(page):
    yield await page.context.new_page()


def lines(page):
    """The sockets that a tab opens, from now on."""
    found = []
    page.on("websocket", lambda socket: found.append(socket))
    return found


async def test_a_member_logs_in_and_sees_what_comes(page, ana, acme, globex, live_server_url):
    await page.goto(live_server_url)
    await require_usable(page)
    await inbox.log_in(page, live_server_url, ana)
    await expect(page.get_by_role("heading", name="Waiting for your first visitor")).to_be_visible()
    await expect(page.get_by_label("Code for your pages")).to_contain_text(f'"{acme.id}"')
    await require_usable(page)

    visitor = make_visitor()
    make = run_in_db_thread
    await make(inbox.foreign_conversation, globex)
    ada = await make(inbox.visitor_writes, acme, "Hello", visitor, "Ada Lovelace")
    await make(inbox.visitor_writes, acme, "Good day", None, "Grace Hopper")

    await expect(inbox.rows(page)).to_have_count(2)
    await expect(inbox.rows(page).first).to_contain_text("Good day")
    await make(inbox.visitor_writes, acme, "Are you there?", visitor)
    await expect(inbox.rows(page).first).to_contain_text("Are you there?")
    await make(inbox.hand_over, acme, ada)
    await expect(inbox.rows(page).first).to_contain_text("Waiting")
    await expect(page).to_have_title(re.compile(r"^\(1\) "))
    await expect(inbox.view(page, "Waiting")).to_contain_text("1")

    await page.reload()
    await expect(inbox.rows(page)).to_have_count(2)
    await require_usable(page)
    await inbox.palette(page, "log out")
    await expect(page.get_by_label("Password")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_the_list_holds_still_under_the_pointer(page, ana, acme, live_server_url):
    for name in ("Ada Lovelace", "Grace Hopper"):
        await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, name)
    await inbox.log_in(page, live_server_url, ana)
    await inbox.row(page, "Ada Lovelace").hover()

    await run_in_db_thread(inbox.visitor_writes, acme, "Me too", None, "Mary Jackson")
    news = page.get_by_role("button", name="1 new")
    await expect(news).to_be_visible()
    assert await inbox.names(page) == ["Grace Hopper", "Ada Lovelace"]
    await news.click()
    await expect(inbox.rows(page)).to_have_count(3)
    await expect(news).to_be_hidden()
    assert (await inbox.names(page))[0] == "Mary Jackson"


async def test_everything_can_be_done_by_keys(page, ana, acme, live_server_url):
    ids = {}
    for name in ("Ada Lovelace", "Grace Hopper", "Mary Jackson"):
        ids[name] = await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, name)
    await inbox.log_in(page, live_server_url, ana)
    await expect(inbox.rows(page)).to_have_count(3)

    await inbox.press(page, "j", "j")
    await expect(inbox.row(page, "Grace Hopper").get_by_role("link")).to_be_focused()
    await inbox.press(page, "Enter")
    await expect(page).to_have_url(re.compile(f"/c/{ids['Grace Hopper']}$"))
    await expect(page.get_by_role("log")).to_contain_text("Hello")
    await inbox.press(page, "Escape")
    await expect(inbox.row(page, "Grace Hopper").get_by_role("link")).to_be_focused()
    await inbox.press(page, "o", "e")
    await expect(page).to_have_url(re.compile(f"/c/{ids['Ada Lovelace']}$"))
    await expect(inbox.rows(page)).to_have_count(2)
    await page.get_by_role("button", name="Undo").click()
    await expect(inbox.rows(page)).to_have_count(3)
    assert await run_in_db_thread(inbox.status, acme, ids["Grace Hopper"]) == "open"

    await inbox.press(page, "m", "g", "m")
    await expect(page.get_by_role("heading", name="Mine", exact=True)).to_be_visible()
    await expect(inbox.rows(page)).to_have_count(1)
    assert await inbox.names(page) == ["Ada Lovelace"]
    await expect(inbox.view(page, "Mine")).to_contain_text("1")
    await inbox.press(page, "j", "e")
    await expect(page.get_by_text("Nothing is assigned to you.")).to_be_visible()
    # What is left behind is done at once.
    await page.reload()
    await expect(page.get_by_text("Nothing is assigned to you.")).to_be_visible()
    assert await run_in_db_thread(inbox.status, acme, ids["Ada Lovelace"]) == "resolved"

    await inbox.press(page, "g", "a")
    await expect(inbox.rows(page)).to_have_count(2)
    await inbox.press(page, "j", "x", "j", "x")
    await page.get_by_role("button", name="To me").click()
    await expect(inbox.view(page, "Mine")).to_contain_text("2")
    await inbox.press(page, "?")
    await require_usable(page)
    await page.get_by_label("Single keys are shortcuts").uncheck()
    await inbox.press(page, "Escape", "g", "m", "Control+k")
    await page.get_by_role("combobox", name="Search or jump to").fill("mary")
    await require_usable(page)
    await inbox.press(page, "Enter")
    await expect(page).to_have_url(re.compile(f"/c/{ids['Mary Jackson']}$"))


async def test_several_are_closed_and_taken_back_together(page, ana, acme, live_server_url):
    names = [f"Visitor {number}" for number in range(5)]
    for name in names:
        await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, name)
    await inbox.log_in(page, live_server_url, ana)
    await expect(inbox.rows(page)).to_have_count(5)

    for name in names:
        await inbox.row(page, name).hover()
        await page.get_by_label(f"Select {name}").check()
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(inbox.rows(page)).to_have_count(0)
    await expect(page.locator(".toast")).to_contain_text("Closed: 5 conversations")
    await page.get_by_role("button", name="Undo").click()

    await expect(inbox.rows(page)).to_have_count(5)
    await expect(page.locator(".toast")).to_have_count(0)
    await page.reload()
    await expect(inbox.rows(page)).to_have_count(5)


async def test_what_is_marked_as_unread_stays_so_while_it_is_open(page, ana, acme, live_server_url):
    await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, "Ada Lovelace")
    await inbox.log_in(page, live_server_url, ana)
    unread = inbox.row(page, "Ada Lovelace").get_by_label("1 unread")
    await expect(unread).to_be_visible()
    # The first time to read it, then to find that it is read.
    for _ in range(2):
        await inbox.row(page, "Ada Lovelace").click()
        await expect(page.get_by_role("log")).to_contain_text("Hello")
        await expect(unread).to_have_count(0)
        await inbox.press(page, "Escape")
        await page.reload()
        await expect(inbox.rows(page)).to_have_count(1)
    await inbox.row(page, "Ada Lovelace").click()
    await expect(page.get_by_role("log")).to_contain_text("Hello")

    async with page.expect_response(lambda answer: answer.url.endswith("/unread")):
        await inbox.press(page, "u")
    await expect(unread).to_be_visible()
    # Whatever comes of it has come before this.
    await run_in_db_thread(inbox.visitor_writes, acme, "Good day", None, "Grace Hopper")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    await expect(unread).to_be_visible()


async def test_a_view_that_is_changed_shows_what_it_asks_for_now(page, ana, acme, live_server_url):
    await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, "Ada Lovelace")
    share = partial(inbox.share_view, acme, "Changing", filters={"status": "open"})
    api, place = await run_in_db_thread(share)
    await run_in_db_thread(_close_another, acme, "Grace Hopper")
    await inbox.log_in(page, live_server_url, ana)
    await inbox.view(page, "Changing").click()
    await expect(inbox.rows(page)).to_have_count(1)
    assert await inbox.names(page) == ["Ada Lovelace"]

    await run_in_db_thread(api.patch, place, {"filters": {"status": "resolved"}})

    await expect(inbox.row(page, "Grace Hopper")).to_be_visible()
    assert await inbox.names(page) == ["Grace Hopper"]


def _close_another(tenant, name):
    _, api = member_api(tenant, role="owner")
    api.post(f"conversations/{inbox.visitor_writes(tenant, 'Bye', None, name)}/close")


async def test_all_tabs_share_one_line(page, another_tab, ana, acme, live_server_url):
    first, second = lines(page), lines(another_tab)
    await inbox.log_in(page, live_server_url, ana)
    await another_tab.goto(live_server_url)
    await expect(another_tab.get_by_text("Waiting for your first visitor")).to_be_visible()

    ada = await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, "Ada Lovelace")
    for tab in (page, another_tab):
        await expect(inbox.rows(tab)).to_have_count(1)
    assert (len(first), len(second)) == (1, 0)
    await page.goto("about:blank")
    await run_in_db_thread(inbox.visitor_writes, acme, "Good day", None, "Grace Hopper")
    await expect(inbox.rows(another_tab)).to_have_count(2)
    assert len(second) == 1

    # What one tab does, all do: a draft of hers is nobody else's, and nobody writes as another.
    await page.goto(f"{live_server_url}/c/{ada}")
    await page.get_by_role("textbox", name="Reply").fill("My secret")
    await inbox.press(page, "Escape", "Escape")
    await inbox.rows(another_tab).last.hover()
    await another_tab.get_by_label("Select Ada Lovelace").check()
    await another_tab.get_by_role("button", name="Close", exact=True).click()
    await inbox.palette(another_tab, "log out")
    for tab in (page, another_tab):
        await expect(tab.get_by_label("Password")).to_be_visible()
    assert await run_in_db_thread(inbox.status, acme, ada) == "resolved"
    bob = await run_in_db_thread(inbox.make_member, acme)
    await inbox.log_in(another_tab, live_server_url, bob)
    await expect(page.get_by_role("switch")).to_contain_text("Agent")
    await page.goto(f"{live_server_url}/c/{ada}")
    await expect(page.get_by_role("textbox", name="Reply")).to_have_value("")


async def test_nothing_is_missed_while_the_server_restarts(browser, ana, acme, processes_folder):
    port = str(free_port())
    context = await browser.new_context()
    page = await context.new_page()
    with serving(processes_folder, PORT=port) as url:
        await inbox.log_in(page, url, ana)
        await run_in_db_thread(inbox.visitor_writes, acme, "Before", None, "Ada Lovelace")
        await expect(inbox.rows(page)).to_have_count(1)
        await page.evaluate("window.isSame = true")
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    await page.get_by_role("link", name="Mine").click()
    await expect(page.locator(".list").get_by_role("alert")).to_be_visible()
    await page.get_by_role("link", name="All open").click()
    await run_in_db_thread(inbox.visitor_writes, acme, "Meanwhile", None, "Grace Hopper")
    with serving(processes_folder, PORT=port):
        await expect(inbox.rows(page)).to_have_count(2, timeout=60_000)
        await expect(page.locator(".connection")).to_be_hidden(timeout=30_000)
        await page.get_by_role("link", name="Mine").click()
        await expect(page.get_by_text("Nothing is assigned to you")).to_be_visible()
        await expect(page.locator(".list").get_by_role("alert")).to_be_hidden()
        assert await page.evaluate("isSame")
    await context.close()


async def test_ten_thousand_conversations_are_few_elements(page, ana, acme, live_server_url):
    await run_in_db_thread(inbox.many, acme, 10_000)
    await inbox.log_in(page, live_server_url, ana)
    await expect(inbox.rows(page).first).to_be_visible()
    await inbox.press(page, "j")
    await expect(inbox.rows(page).first.get_by_role("link")).to_be_focused()
    last = inbox.row(page, "Visitor 9999")
    for loaded in range(100, 10_001, 100):
        await expect(page.locator(".rows ul")).to_have_css("height", f"{68 * loaded}px")
        await inbox.press(page, "End")

    await expect(last).to_be_in_viewport()
    await expect(last).to_have_attribute("aria-posinset", "10000")
    await expect(last).to_have_attribute("aria-setsize", "10000")
    assert await page.locator("*").count() < 500
    await inbox.press(page, "Home")
    await expect(inbox.row(page, "Visitor 0").get_by_role("link")).to_be_focused()
    await run_in_db_thread(inbox.visitor_writes, acme, "I am new", None, "Ada Lovelace")
    await page.get_by_role("button", name="1 new").click()
    await expect(inbox.rows(page).first).to_contain_text("Ada Lovelace")


async def test_a_phone_shows_one_thing_at_a_time(browser, ana, acme, live_server_url):
    await run_in_db_thread(inbox.visitor_writes, acme, "Hello", None, "Ada " * 30)
    context = await browser.new_context(
        viewport={"width": 360, "height": 640},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await inbox.log_in(page, live_server_url, ana)
    await require_usable(page)
    await inbox.rows(page).first.tap()
    await expect(page.get_by_role("log")).to_be_visible()
    await expect(inbox.rows(page).first).to_be_hidden()
    await require_usable(page)
    await page.get_by_role("link", name="Back").tap()
    await expect(inbox.rows(page).first).to_be_visible()
    await page.get_by_label("View").select_option(label="Snoozed")
    await expect(page.get_by_text("Nothing is snoozed.")).to_be_visible()
    await page.get_by_role("link", name="Settings").tap()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await context.close()
