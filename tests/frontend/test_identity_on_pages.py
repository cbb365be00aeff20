"""Visitors for whom the page vouches: the widget shows what is theirs, and nothing of the last."""

import re

import pytest
from playwright.async_api import expect

from conversations.models import Contact
from tenants.executor import run_in_db_thread
from tests.frontend.visitors import CONFIRMED, LISTEN, box, is_whole, log, panel, say, until, visit
from tests.widgets.test_identity import Site as OwnSite
from widgets.models import Bubble

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_visitors_are_whom_the_page_says_and_leave_nothing_when_they_go(page, site, shop):
    own = await run_in_db_thread(OwnSite, shop)
    tokens = ["forged", own.token("kim", name="Kim")]
    await visit(page, site.page(site.mount(shop) + LISTEN))
    await page.evaluate(
        "window.described = chat.setAttributes({plan: 'pro'}).then(() => 'noted'); undefined"
    )
    await say(page, "I am nobody")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    assert await page.evaluate("described") == "noted"

    known = await page.evaluate("tokens => chat.identify(async () => tokens.shift())", tokens)
    await expect(log(page)).to_contain_text("I am nobody")
    await say(page, "I am Kim")
    await expect(page.locator(CONFIRMED)).to_have_count(2)
    line = (await box(page).bounding_box())["height"]
    await box(page).fill("My PIN is\n1234\n")
    assert (await box(page).bounding_box())["height"] > 2 * line
    assert await is_whole(page)
    await page.evaluate("chat.logout()")

    assert known["name"] == "Kim"
    await expect(page.locator(CONFIRMED)).to_have_count(0)
    await expect(box(page)).to_have_value("")
    await expect(panel(page)).to_have_css("opacity", "1")
    assert await is_whole(page)
    assert await page.evaluate("localStorage.length") == 0
    refused = await page.evaluate("chat.identify('forged').catch((error) => error.code)")
    assert refused == "invalid_identity"
    assert (await page.evaluate("told.at(-1)"))[:1] == ["identity:error"]
    await page.evaluate("userHash => chat.identify({userId: 'lee', userHash})", own.proof("lee"))
    await say(page, "I am Lee")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    assert await run_in_db_thread(_known, shop) == {"kim": {"plan": "pro"}, "lee": {}}
    await page.evaluate("localStorage.clear()")
    late = "token => chat.identify(() => { chat.destroy(); return token; })"
    assert (await page.evaluate(late, own.token("kim")))["name"] == "Kim"
    assert await page.evaluate("localStorage.length") == 0
    page.complaints = [text for text in page.complaints if "401" not in text]


async def test_a_bubble_for_known_visitors_asks_the_page_and_says_so(page, site, shop):
    own = await run_in_db_thread(OwnSite, shop)
    await run_in_db_thread(_change, shop, identity_required=True)
    await visit(page, site.page(site.mount(shop) + LISTEN))
    await say(page, "Who am I?")
    await until(page, "told.some(([name]) => name === 'identity:error')")

    await page.evaluate("token => chat.identify(token)", own.token("kim"))

    await expect(page.locator(CONFIRMED)).to_have_text(re.compile("Who am I?"))
    assert any("call identify()" in text for text in page.complaints)
    page.complaints.clear()


async def test_who_gives_an_address_and_then_logs_in_with_it_keeps_it(page, site, shop):
    own = await run_in_db_thread(OwnSite, shop)
    fields = [{"name": "email", "label": "E-mail", "type": "email", "required": True}]
    settings = {"preChatForm": {"enabled": True, "fields": fields}}
    await run_in_db_thread(_change, shop, identity_required=False, settings=settings)
    await page.goto(site.page(site.mount(shop) + LISTEN))
    await page.get_by_role("button", name=re.compile("^Open the chat")).click()
    await page.get_by_label("E-mail").fill("lena@x.example")
    await page.keyboard.press("Enter")
    await expect(log(page)).to_be_visible(timeout=15_000)
    await expect(box(page)).to_be_focused()
    await say(page, "I am nobody")
    await expect(page.locator(CONFIRMED)).to_have_count(1)

    token = own.token("lena", name="Lena", email="lena@x.example")
    known = await page.evaluate("token => chat.identify(token)", token)

    assert (known["name"], known["email"]) == ("Lena", "lena@x.example")
    await expect(log(page)).to_contain_text("I am nobody")
    assert (await run_in_db_thread(_known, shop))["lena"] == {}


def _known(shop):
    with shop.scope():
        known = Contact.objects.exclude(external_id=None)
        return dict(known.values_list("external_id", "attributes"))


def _change(shop, **fields):
    with shop.scope():
        Bubble.objects.filter(pk=shop.bubble.pk).update(**fields)
