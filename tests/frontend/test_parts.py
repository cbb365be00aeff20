"""What the widget fetches when it is needed: where that fails, visitors are told, and not stuck."""

import re

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tests.frontend.accessibility import require_usable
from tests.frontend.visitors import CONFIRMED, box, launcher, panel, say
from widgets.models import Bubble

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_cannot_be_fetched_is_said_and_tried_again(page, site, shop):
    await run_in_db_thread(_take_files, shop)
    await page.route("**/chat-widget-*.js*", lambda route: route.abort())
    await page.goto(site.page(site.mount(shop)))
    await launcher(page).click()
    alert = panel(page).get_by_role("alert")
    await expect(alert).to_contain_text("Something went wrong.")
    await expect(panel(page)).to_have_css("opacity", "1")
    await expect(panel(page).get_by_role("button")).to_have_count(1)
    await require_usable(page)
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_hidden()
    await launcher(page).click()
    again = panel(page).get_by_role("button", name="Try again")
    await expect(again).to_be_focused()

    await page.unroute("**/chat-widget-*.js*")
    await page.route(re.compile("chat-widget-f"), lambda route: route.abort())
    await again.click()

    await expect(box(page)).to_be_focused()
    await expect(alert).to_have_count(0)
    await say(page, "Hello")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    state = panel(page).locator(".state")
    file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}
    await panel(page).get_by_role("button", name="Menu").click()
    await expect(state).to_contain_text("Something went wrong.")
    await state.evaluate("e => e.textContent = ''")
    await page.locator("input[type=file]").set_input_files([file])
    await expect(state).to_contain_text("Something went wrong.")
    # The browser says what it could not fetch.
    assert all("ERR_FAILED" in text for text in page.complaints)
    page.complaints.clear()


def _take_files(shop):
    with shop.scope():
        Bubble.objects.filter(pk=shop.bubble.pk).update(file_upload=True)
