"""Pages of willing tenants tell where their visitors are, and open what the team says to them."""

import os
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tenants.models import Tenant
from tests.dashboard.team import member_api
from tests.frontend.visitors import CONFIRMED, Wire, asked, box, launcher, log, panel, say, visit
from tests.waiting import until
from tests.widgets.shops import make_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

# As if the browser had come back to the page from elsewhere.
LOOK = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"


def on_board(api, count):
    found = []

    def look():
        found[:] = api.get("visitors").json()["results"]
        return len(found) == count

    until(look)
    return list(found)


async def test_the_team_sees_who_is_there_and_speaks_first(page, site, acme, globex):
    make = partial(make_shop, acme, site.backend, presence_ping=True)
    shop = await run_in_db_thread(make)
    _, api = await run_in_db_thread(member_api, acme)
    _, other = await run_in_db_thread(member_api, globex)
    address = site.page(site.mount(shop))
    await page.goto(address + "#secret")
    (seen,) = await run_in_db_thread(on_board, api, 1)
    assert (seen["url"], seen["title"]) == (address, "A shop")
    assert await run_in_db_thread(on_board, other, 0) == []

    await page.evaluate("history.pushState({}, '', '/moved')")
    await run_in_db_thread(
        until, lambda: api.get("visitors").json()["results"][0]["url"].endswith("/moved")
    )
    path = f"visitors/{seen['id']}/messages"
    said = await run_in_db_thread(api.post, path, {"text": "Can I help you?"})
    assert said.status_code == 201
    await page.evaluate(LOOK)
    await expect(log(page).locator(".bubble").last).to_have_text("Can I help you?")
    await expect(panel(page)).to_be_visible()
    await expect(box(page)).not_to_be_focused()
    assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / "spoken-to.png")

    await say(page, "Yes, please")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    assert await asked(shop) == ["Yes, please"]
    # Now they take part, and the next page goes on with it.
    assert await page.evaluate("localStorage.length") == 1
    await page.evaluate(LOOK)
    (known,) = await run_in_db_thread(on_board, api, 1)
    assert known["conversationId"] == said.json()["conversationId"]
    assert known["contact"]["id"]
    await page.goto("about:blank")
    await run_in_db_thread(on_board, api, 0)
    assert await page.context.cookies() == []


async def test_whoever_writes_is_known_on_the_board_at_once(page, site, acme):
    shop = await run_in_db_thread(partial(make_shop, acme, site.backend, presence_ping=True))
    _, api = await run_in_db_thread(member_api, acme)
    await visit(page, site.page(site.mount(shop)))
    (seen,) = await run_in_db_thread(on_board, api, 1)
    assert seen["conversationId"] is None

    await say(page, "Hello")

    # The page tells where it is every thirty seconds.
    await run_in_db_thread(
        until, lambda: api.get("visitors").json()["results"][0]["conversationId"] is not None, 10
    )


async def test_on_a_telephone_the_button_tells_of_it(page, site, acme):
    shop = await run_in_db_thread(partial(make_shop, acme, site.backend, presence_ping=True))
    _, api = await run_in_db_thread(member_api, acme)
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.emulate_media(color_scheme="dark")
    await page.goto(site.page(site.mount(shop)))
    (seen,) = await run_in_db_thread(on_board, api, 1)
    said = {"text": "Can I help you?"}
    assert (await run_in_db_thread(api.post, f"visitors/{seen['id']}/messages", said)).json()["id"]
    await page.evaluate(LOOK)

    await expect(launcher(page)).to_have_accessible_name("Open the chat (New messages: 1)")
    await expect(panel(page)).to_be_hidden()
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / "spoken-to-on-a-telephone.png")
    await launcher(page).click()
    await expect(log(page).locator(".bubble").last).to_have_text("Can I help you?")
    await expect(panel(page)).to_have_css("opacity", "1")
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / "opened-on-a-telephone.png")


async def test_only_willing_tenants_read_along(page, site, shop):
    wire = Wire()
    await wire.hold(page)
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    await box(page).press_sequentially("No secrets")
    assert [frame for frame in wire.sent if frame.get("text") == "No secrets"] == []
    assert all("text" not in frame for frame in wire.sent if frame["type"] == "typing")

    await run_in_db_thread(Tenant.objects.filter(pk=shop.tenant.pk).update, sees_typing=True)
    await page.reload()
    await launcher(page).click()
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    await box(page).fill("I would like" + "😀" * 600)
    await box(page).fill("I would like a shoe")
    await _told(page, wire, {"type": "typing", "typing": True, "text": "I would like a shoe"})
    await box(page).fill("")
    await _told(page, wire, {"type": "typing", "typing": False, "text": ""})
    long = [len(frame["text"]) for frame in wire.sent if frame["type"] == "typing"
            and len(frame.get("text", "")) > 100]  # fmt: skip
    assert all(length <= 500 for length in long)


async def _told(page, wire, frame):
    await run_in_db_thread(until, lambda: frame in wire.sent)
