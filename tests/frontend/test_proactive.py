"""Where the chat speaks first, and where the page decides how it is found."""

from functools import partial

import pytest
from playwright.async_api import expect

from conversations import availability
from tenants.executor import run_in_db_thread
from tests.factories import make_member
from tests.frontend.visitors import box, conversation, is_whole, launcher, log, panel, say
from tests.widgets.shops import make_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

POPUPS = ["Can I help?", "Shipping is free this week."]
TALL = "body { height: 4000px }"


@pytest.fixture
def shop_with(acme, live_server_url):
    async def make(**settings):
        return await run_in_db_thread(partial(make_shop, acme, live_server_url, settings=settings))

    return make


def popup(page, text):
    return page.locator(".popup", has_text=text)


async def test_popups_cost_no_request_but_their_script_and_begin_the_chat(page, site, shop_with):
    shop = await shop_with(popups={"enabled": True, "delaySeconds": 0, "messages": POPUPS})
    requests = []
    page.on("request", lambda request: requests.append(request.url.partition("?")[0]))
    await page.goto(site.page(site.mount(shop)))
    await expect(page.locator(".popup")).to_have_text(POPUPS)

    assert [url for url in requests if not url.startswith(site.url)] == [
        f"{site.backend}/assets/chat-widget.js",
        f"{site.backend}/api/widgets/{shop.bubble.code}/config",
        f"{site.backend}/assets/chat-widget-proactive.js",
    ]
    assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert await page.context.cookies() == []
    await expect(page.get_by_role("status")).to_have_text(POPUPS[1])
    await page.get_by_role("button", name="Close this message").first.press("Enter")
    await expect(page.locator(".popup")).to_have_text([POPUPS[1]])
    await expect(page.get_by_role("button", name="Close this message")).to_be_focused()
    await popup(page, POPUPS[1]).click()

    await expect(log(page).locator(".bubble")).to_have_text([POPUPS[1]])
    await expect(box(page)).to_be_focused()
    assert await is_whole(page)
    # As after `identify`, everything is drawn anew.
    await page.evaluate("chat.setLocale('en')")
    await expect(log(page).locator(".bubble")).to_have_text([POPUPS[1]])
    await say(page, "Yes")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    assert (await conversation(shop)).variables == {"popup": POPUPS[1]}
    await page.keyboard.press("Escape")
    await expect(page.locator(".popup")).to_have_count(0)
    await expect(launcher(page)).to_be_focused()
    await page.evaluate("chat.logout()")
    await launcher(page).click()
    await expect(log(page).locator(".bubble")).not_to_have_text([POPUPS[1]])


async def test_triggers_fire_once_and_leave_visitors_in_a_conversation_alone(page, site, shop_with):
    events = {"time": "1", "scroll": "50", "idle": "2", "exit": "", "url": "#sale"}
    triggers = [{"event": e, "value": value, "message": e} for e, value in events.items()]
    shop = await shop_with(triggers=triggers)
    await page.goto(site.page(site.mount(shop), style=TALL))
    shown = page.locator(".popup")

    async def leave():
        leaving = "new MouseEvent('mouseout', {bubbles: true, clientY: -1})"
        await page.evaluate(f"document.body.dispatchEvent({leaving})")

    await expect(shown).to_have_text(["time", "idle"])
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    await expect(shown).to_have_text(["time", "idle", "scroll"])
    await leave()
    await leave()
    await expect(shown).to_have_text(["idle", "scroll", "exit"])
    await page.evaluate("history.pushState({}, '', '#sale')")
    await expect(shown).to_have_text(["scroll", "exit", "url"])
    await popup(page, "url").click()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()

    await page.reload()
    await expect(launcher(page)).to_be_visible()
    await leave()
    await page.evaluate("chat.destroy()")
    await leave()
    await expect(shown).to_have_count(0)


async def test_a_page_can_have_launchers_of_its_own(page, site, shop_with):
    shop = await shop_with(widget={"customLauncher": "[data-chat]"})
    await page.goto(site.page(site.mount(shop)))
    await expect(launcher(page)).to_be_visible()
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('button'), "
        "{id: 'ours', textContent: 'Ask us'}))"
    )
    ours = page.locator("#ours")
    await ours.evaluate("e => e.setAttribute('data-chat', '')")
    await page.evaluate("document.body.append('!')")

    await expect(ours).to_have_attribute("aria-expanded", "false")
    await expect(page.locator(".launcher")).to_be_hidden()
    await ours.click()
    await expect(box(page)).to_be_focused()
    await expect(ours).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_hidden()
    await expect(ours).to_be_focused()
    await expect(ours).to_have_attribute("aria-expanded", "false")
    await ours.evaluate("e => e.remove()")
    await expect(launcher(page)).to_be_visible()


async def test_it_is_out_of_sight_while_nobody_is_there(page, site, shop_with):
    shop = await shop_with(
        widget={"hideWhenAway": True},
        popups={"enabled": True, "delaySeconds": 0, "messages": POPUPS},
    )
    await page.clock.install()
    async with page.expect_response("**/chat-widget-proactive.js*"):
        await page.goto(site.page(site.mount(shop)))
    await page.clock.run_for(10_000)
    await expect(page.locator(".launcher")).to_be_hidden()
    await expect(page.locator(".popup")).to_have_count(0)

    # What is heard afterwards is of the configuration as it is then.
    await page.evaluate("chat.setLocale('en')")
    await run_in_db_thread(come, shop)
    await page.clock.fast_forward("05:00")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(launcher(page)).to_be_visible()


def come(shop):
    member = make_member(shop.tenant)
    with shop.scope():
        availability.choose(member, status="online")


async def test_hovering_opens_and_the_click_that_follows_does_not_close(page, site, shop_with):
    shop = await shop_with(widget={"activation": "hover"})
    async with page.expect_response("**/chat-widget-proactive.js*"):
        await page.goto(site.page(site.mount(shop)))
    await expect(launcher(page)).to_be_visible()
    await launcher(page).click()

    await expect(panel(page)).to_be_visible()
    await expect(box(page)).to_be_focused()
