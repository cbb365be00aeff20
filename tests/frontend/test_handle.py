"""What a page can do with the widget that it shows, and what it hears of it."""

import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tenants.models import Tenant
from tests.factories import make_member
from tests.frontend.visitors import (
    CONFIRMED,
    LISTEN,
    Wire,
    asked,
    box,
    launcher,
    log,
    panel,
    reply,
    say,
    take_over,
    until,
    visit,
)
from tests.widgets.shops import make_bubble
from widgets.models import Bubble, TrackEvent

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Timers that were set and neither ended nor came.
TIMERS = """
    window.timers = new Set();
    const [set, clear] = [window.setTimeout, window.clearTimeout];
    window.setTimeout = (run, ...rest) => {
        const id = set((...all) => { timers.delete(id); run(...all) }, ...rest);
        timers.add(id);
        return id;
    };
    window.clearTimeout = (id) => { timers.delete(id); clear(id) };
"""


@pytest.fixture
def member(acme):
    return make_member(acme)


async def names(page, told="told"):
    return await page.evaluate(f"{told}.map(([name]) => name)")


async def test_a_page_works_the_widget_and_hears_what_happens(page, site, shop, member):
    token = await run_in_db_thread(lambda: shop.token)
    await page.goto(site.page(site.mount(shop, id="help", token=token) + LISTEN))
    await expect(launcher(page)).to_be_visible()
    await page.evaluate("chat.toggle(); chat.prefill('Draft'); chat.setTheme('dark')")
    await expect(box(page)).to_have_value("Draft")
    await expect(page.locator(".root")).to_have_class(re.compile("dark"))
    await page.evaluate("chat.send('Hello'); chat.track('cart', {items: 2})")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    await take_over(shop, member)
    await reply(shop, member, "Good morning")
    await expect(log(page)).to_contain_text("Good morning")
    assert await page.evaluate("chat.setLocale('de')") == "en"
    await expect(log(page)).to_contain_text("Good morning")
    await expect(box(page)).to_have_value("Draft")
    await page.evaluate("chat.close()")
    await reply(shop, member, "Still there?")
    await until(page, "chat.unreadCount === 1")
    await page.evaluate("chat.hide()")
    await expect(page.locator(".launcher")).to_be_hidden()
    await page.evaluate("chat.show(); chat.toggle()")

    told = await names(page)
    assert await names(page, "heard") == told
    assert told[:2] == ["ready", "opened"]
    assert Counter(told[2:]) == {
        "opened": 1,
        "message:sent": 1,
        "conversation:started": 1,
        "handoff:connected": 1,
        # That somebody joined, and what they wrote.
        "message:received": 3,
        "closed": 1,
        "unread": 2,
    }
    assert await page.evaluate("[chat.isOpen, chat.unreadCount]") == [True, 0]
    assert set(await page.evaluate("told.map(([, detail]) => detail.instanceId)")) == {"help"}
    assert await run_in_db_thread(_tracked, shop) == [("cart", {"items": 2})]


async def test_a_destroyed_widget_leaves_no_node_listener_timer_or_socket(page, site, shop):
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket))
    await page.add_init_script(TIMERS)
    await page.goto(site.page("mount"))
    client = await page.context.new_cdp_session(page)

    async def left():
        for _ in range(3):
            await client.send("HeapProfiler.collectGarbage")
        counts = await client.send("Memory.getDOMCounters")
        return counts["nodes"], counts["jsEventListeners"], await page.evaluate("timers.size")

    # What the first one leaves are the browser's own things.
    for number in range(3):
        if number == 1:
            before = await left()
        await page.evaluate("options => window.chat = ChatWidget.mount(options)", _options(shop))
        await launcher(page).click()
        # What is typed, the browser keeps to undo it.
        await page.evaluate("chat.send('Hello')")
        await expect(page.locator(CONFIRMED).last).to_be_visible()
        await page.evaluate("chat.destroy(); chat = undefined")
        await expect(panel(page)).to_have_count(0)
        await page.evaluate("scheduler.postTask(() => undefined, {priority: 'background'})")

    assert await left() == before
    assert before[-1] == 0
    assert len(sockets) == 3
    assert all(socket.is_closed() for socket in sockets)


async def test_it_outlives_the_body_and_the_pages_own_style(page, site, shop):
    hostile = """
        * { letter-spacing: 1em !important; display: block !important; opacity: .2;
            visibility: hidden !important; pointer-events: none !important; filter: blur(9px) }
        body { transform: scale(.5); overflow: hidden } div:empty { display: none !important }
    """
    await visit(page, site.page(site.mount(shop), style=hostile))
    await say(page, "Before")
    await page.evaluate("document.body.replaceWith(document.createElement('body'))")
    await say(page, "After")

    await expect(page.locator(CONFIRMED)).to_have_count(2)
    assert await asked(shop) == ["Before", "After"]
    style = await page.locator(CONFIRMED).first.evaluate(
        "e => (({letterSpacing, display, visibility, pointerEvents}) => "
        "[letterSpacing, display, visibility, pointerEvents])(getComputedStyle(e))"
    )
    assert style == ["normal", "flex", "visible", "auto"]


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_line_that_is_only_half_there_is_noticed(page, site, shop, comes_back):
    wire = Wire()
    await wire.hold(page)
    await page.clock.install()
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello")
    await expect(page.locator(CONFIRMED)).to_have_count(1)
    wire.lose = lambda frame: frame["type"] == "ping"

    for _ in range(7):
        await page.clock.run_for(5_000)
        if comes_back:
            await page.evaluate("dispatchEvent(new Event('focus'))")
    await _until_connected(page, wire, times=2, tries=10)
    wire.lose = lambda frame: False
    await expect(panel(page).locator(".state")).to_have_text(shop.assistant.name)
    await say(page, "Again")
    await expect(page.locator(CONFIRMED)).to_have_count(2)
    sent = len(wire.sent)
    # A silent line is asked by itself after twenty seconds.
    for _ in range(20):
        await page.clock.run_for(500)
        await page.evaluate("dispatchEvent(new Event('online'))")

    assert {"type": "ping"} in wire.sent[sent:]


async def test_a_page_without_a_chat_is_told_why(page, site, shop, acme):
    said = []
    page.on("console", lambda message: said.append(message.text))
    address = site.page(site.mount(shop))
    gone = site.page(site.call("mount", _options(shop) | {"backendUrl": "http://127.0.0.1:9"}))
    other = await run_in_db_thread(lambda: make_bubble(shop, name="Other"))
    others = site.page(site.mount(shop, code=other.code))

    async def why(address):
        said.clear()
        async with page.expect_console_message(lambda message: "LiveChat:" in message.text):
            await page.goto(address)
        return next(text for text in said if "LiveChat:" in text)

    stale = site.page(site.mount(shop, token="wt_of_yesterday"))
    async with page.expect_console_message(lambda message: "LiveChat:" in message.text) as told:
        await visit(page, stale)
        await say(page, "Hello")
    await run_in_db_thread(_change, shop, origins=["https://shop.example"])
    foreign = await why(address)
    site.policy = site.policy.replace("connect-src {backend}", "connect-src")
    try:
        forbidden = await why(address)
    finally:
        del site.policy
    unreachable = await why(gone)
    await run_in_db_thread(_suspend, acme)
    unknown = await why(site.page('mount({code: "nosuchbubble"})'))
    suspended = await why(others)

    assert "The token is not valid" in (await told.value).text
    assert f"Add {site.url} to its origins" in foreign
    assert f"{site.backend}/admin/widgets/bubble/" in foreign
    assert f"Add {site.backend} and ws://" in forbidden
    assert "Out of reach" in unreachable
    assert unknown.startswith(f"LiveChat: {site.backend} shows no chat here.")
    assert 'no bubble with the code "nosuchbubble"' in unknown
    assert "suspended" in suspended
    page.complaints.clear()


async def _until_connected(page, wire, *, times, tries=100):
    for _ in range(tries):
        if len([frame for frame in wire.sent if frame["type"] == "auth"]) >= times:
            return
        await page.clock.run_for(500)
    raise AssertionError("The line did not come back.")


def _options(shop):
    return {"code": shop.bubble.code, "backendUrl": shop.url}


def _tracked(shop):
    with shop.scope():
        return list(TrackEvent.objects.values_list("event", "metadata"))


def _change(shop, **fields):
    with shop.scope():
        Bubble.objects.filter(pk=shop.bubble.pk).update(**fields)


def _suspend(tenant):
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=datetime.now(UTC))
