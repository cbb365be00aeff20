"""Functions of the page that assistants call, in a real browser."""

import asyncio

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tests.conversations.calling import call_states, make_tool, rescript, work
from tests.frontend.visitors import Wire, answered, launcher, log, say, visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITEM = {"item": "lamp"}
COUNTING = "chat.registerTool('show', ({item}) => { window.shown = [...(window.shown || []), item] })"


@pytest.fixture
def asking(shop):
    """A shop whose assistant has the page show something."""
    tool = make_tool(shop.tenant, "show", place="client", url="", timeout_seconds=60)
    rescript(shop.assistant, [["show", ITEM]], tool)
    return shop


@pytest.fixture
def asking_twice(shop):
    tool = make_tool(shop.tenant, "show", place="client", url="", timeout_seconds=60)
    rescript(shop.assistant, [["show", ITEM], ["show", {}]], tool)
    return shop


@pytest.fixture
def hasty(shop):
    """A shop whose assistant waits for the page but a second."""
    tool = make_tool(shop.tenant, "show", place="client", url="", timeout_seconds=1)
    rescript(shop.assistant, [["show", ITEM]], tool)
    return shop


async def arrive(page, site, shop, register=""):
    await visit(page, site.page(site.mount(shop)))
    if register:
        await page.evaluate(register)
    await say(page, "Show me the lamp.")
    await expect(page.locator(".dots")).to_be_visible()


async def states(shop, *expected):
    """Wait until the shop's calls are in these states."""
    async with asyncio.timeout(10):
        while (found := await run_in_db_thread(call_states, shop.tenant)) != list(expected):
            await asyncio.sleep(0.05)
    return found


async def ask(shop):
    """Have the assistant come to its next call or to its answer."""
    assert await run_in_db_thread(work, shop.tenant)


@pytest.mark.parametrize(
    ("run", "state", "said"),
    [
        ("({item}) => ({shown: item})", "done", '{"shown": "lamp"}'),
        ("async ({item}) => { await null; return item }", "done", "lamp"),
        ("() => {}", "done", "null"),
        ("() => { throw new Error('No lamp.') }", "failed", "error: Error: No lamp."),
        ("async () => { throw new Error('No lamp.') }", "failed", "error: Error: No lamp."),
        ("() => { const a = {}; a.a = a; return a }", "failed", "error: TypeError"),
        ("() => 1n", "failed", "error: TypeError"),
        ("() => 'é'.repeat(20000)", "failed", "error: Error: The result is too large."),
    ],
)
async def test_a_function_of_the_page_is_called_and_its_result_told(
    page, site, asking, run, state, said
):
    await arrive(page, site, asking, f"chat.registerTool('show', {run})")
    await ask(asking)

    await states(asking, state)
    await ask(asking)

    await answered(page, said)


async def test_nobody_waits_for_a_function_that_the_page_does_not_have(page, site, asking):
    await arrive(page, site, asking)
    await ask(asking)

    await states(asking, "failed")
    await ask(asking)

    await answered(page, "This page has no tool show.")


async def test_a_call_runs_once_however_often_it_is_told(page, site, asking):
    wire = Wire()
    wire.repeat = lambda frame: frame["type"] == "tool:request"
    await wire.hold(page)
    await arrive(page, site, asking, COUNTING)
    await ask(asking)
    await states(asking, "done")

    await ask(asking)
    await answered(page, "null")

    assert await page.evaluate("window.shown") == ["lamp"]


async def test_a_result_that_was_lost_is_sent_again(page, site, asking):
    wire = Wire()
    wire.lose = lambda frame: frame["type"] == "tool:result"
    await wire.hold(page)
    await arrive(page, site, asking, COUNTING)
    await ask(asking)
    async with asyncio.timeout(10):
        while wire.sent[-1]["type"] != "tool:result":
            await asyncio.sleep(0.05)

    wire.lose = lambda frame: False
    await wire.cut()
    wire.mend()

    await states(asking, "done")
    assert await page.evaluate("window.shown") == ["lamp"]


async def test_a_result_gets_through_without_a_socket(page, site, asking_twice):
    wire = Wire()
    await wire.hold(page)
    await arrive(
        page,
        site,
        asking_twice,
        "chat.registerTool('show', item => item.item ? 1 : new Promise(r => window.finish = r))",
    )
    await ask(asking_twice)
    await states(asking_twice, "done")
    await ask(asking_twice)
    async with asyncio.timeout(10):
        while not await page.evaluate("Boolean(window.finish)"):
            await asyncio.sleep(0.05)

    await wire.cut()
    await page.evaluate("window.finish('Shown.')")

    await states(asking_twice, "done", "done")
    wire.mend()
    await ask(asking_twice)
    await answered(page, "1 | Shown.")


async def test_the_next_page_is_asked_what_the_last_one_left_undone(page, site, asking):
    await arrive(page, site, asking, "chat.registerTool('show', () => new Promise(() => {}))")
    await ask(asking)
    await states(asking, "waiting")

    register = f"addEventListener('DOMContentLoaded', () => {COUNTING})"
    await page.add_init_script(register)
    await page.reload()
    await launcher(page).click()
    await states(asking, "done")
    await ask(asking)

    await answered(page, "null")
    assert await page.evaluate("window.shown") == ["lamp"]


@pytest.mark.parametrize("is_new_page", [False, True])
async def test_what_was_asked_too_long_ago_is_not_done(page, site, hasty, is_new_page):
    wire = Wire()
    await wire.hold(page)
    await arrive(page, site, hasty, COUNTING)
    if is_new_page:
        await page.reload()
        await page.evaluate(COUNTING)
        await launcher(page).click()
        await expect(log(page)).to_contain_text("Show me the lamp.")

    await wire.cut()
    await ask(hasty)
    await asyncio.sleep(1.1)
    wire.mend()
    await ask(hasty)

    await answered(page, "The visitor's page did not answer in time.")
    assert await page.evaluate("window.shown") is None


async def test_a_visitors_wrong_clock_stops_nothing(page, site, asking):
    await page.clock.install(time="2040-01-01T00:00:00Z")
    await page.clock.resume()
    await arrive(page, site, asking, COUNTING)
    await ask(asking)

    await states(asking, "done")
