"""What stands before and around the chat, in a real browser and with the real server."""

from functools import partial

import pytest
from playwright.async_api import expect

from conversations.models import Contact, VisitorSession
from tenants.executor import run_in_db_thread
from tests.factories import make_member
from tests.frontend.visitors import box, conversation, launcher, log, panel, say, visit
from tests.widgets.shops import make_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = [
    {"name": "name", "label": "Your name"},
    {"name": "email", "label": "E-mail", "type": "email", "required": True},
    {"name": "order", "label": "Order number"},
]


@pytest.fixture
def shop_with(acme, live_server_url):
    async def make(**settings):
        return await run_in_db_thread(partial(make_shop, acme, live_server_url, settings=settings))

    return make


@pytest.fixture
def member(acme):
    return make_member(acme)


async def stored(shop, model):
    def read():
        with shop.scope():
            return list(model.objects.all())

    return await run_in_db_thread(read)


async def test_the_form_before_the_chat_says_what_is_wrong_and_introduces_the_visitor(
    page, site, shop_with
):
    shop = await shop_with(preChatForm={"enabled": True, "fields": FIELDS})
    await page.goto(site.page(site.mount(shop)))
    await launcher(page).click()
    email = page.get_by_label("E-mail")
    await expect(page.get_by_label("Your name")).to_be_focused()
    await expect(email).to_have_attribute("autocomplete", "email")
    await expect(log(page)).to_be_hidden()
    await expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    await expect(page.get_by_role("button", name="Skip")).to_have_count(0)

    await page.get_by_role("button", name="Start the chat").click()
    await expect(email).to_be_focused()
    await expect(email).to_have_accessible_description("Please fill in this field.")
    await page.keyboard.type("nobody@nowhere")
    await expect(email).to_have_accessible_description("")
    await page.keyboard.press("Enter")
    await expect(email).to_have_attribute("aria-invalid", "true")
    assert await stored(shop, VisitorSession) == []
    await email.fill("ann@shop.example")
    await page.get_by_label("Order number").fill("A-17")
    await page.keyboard.press("Enter")
    await expect(box(page)).to_be_focused()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()

    [contact] = await stored(shop, Contact)
    assert (contact.email, contact.attributes) == ("ann@shop.example", {"order": "A-17"})
    await page.reload()
    await launcher(page).click()
    await expect(log(page)).to_contain_text("Hello")


async def test_a_form_that_must_not_be_filled_in_can_be_skipped(page, site, shop_with):
    shop = await shop_with(preChatForm={"enabled": True})
    await page.goto(site.page(site.mount(shop)))
    await launcher(page).click()
    await page.get_by_role("button", name="Skip").click()

    await expect(box(page)).to_be_focused()
    await page.keyboard.press("Escape")
    await launcher(page).click()
    await expect(box(page)).to_be_focused()
    assert await stored(shop, VisitorSession) == []


async def test_the_menu_is_reached_by_keys_and_ends_the_conversation_after_asking_back(
    page, site, shop
):
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    menu = panel(page).get_by_role("button", name="Menu")
    item = page.get_by_role("menuitem")
    question = page.get_by_role("group", name="End this conversation?")

    await menu.press("Enter")
    await expect(item.first).to_be_focused()
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("ArrowUp")
    await expect(item.last).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_focused()
    await expect(item).to_have_count(0)
    await menu.press("Enter")
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await question.get_by_role("button", name="Cancel").click()
    assert (await conversation(shop)).owner == "bot"
    await menu.click()
    await item.filter(has_text="End the conversation").last.click()
    await question.get_by_role("button", name="End").press("Enter")

    await expect(question).to_have_count(0)
    await expect(page.get_by_role("group", name="How was this conversation?")).to_be_visible()
    assert (await conversation(shop)).owner == "closed"
