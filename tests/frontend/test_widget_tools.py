"""Functions of the page that assistants call, in a real browser."""

import asyncio

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tests.conversations.calling import call_states, make_tool, rescript, work
from tests.frontend.visitors import (
    Wire,
    answered,
    cut_requests,
    launcher,
    log,
    mend_requests,
    say,
    visit,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITEM = {"item": "lamp"}
COUNTING = (
    "chat.registerTool('show', ({item}) => { window.shown = [...(window.shown || []), item] })"
)


def rescript_with_page(shop, steps, *, seconds=60):
    """Have the shop's assistant take these steps with the page."""
    tool = make_tool(shop.tenant, "show", place="client", url="", timeout_seconds=seconds)
    rescript(shop.assistant, steps, tool)
    return shop


@pytest.fixture
def asking(shop):
    """A shop whose assistant has the page show something."""
    return rescript_with_page(shop, [["show", ITEM]])


@pytest.fixture
def asking_twice(shop):
    return rescript_with_page(shop, [["show", ITEM], ["show", {}]])


@pytest.fixture
def hasty(shop):
    """A shop whose assistant waits for the page but a second."""
    return rescript_with_page(shop, [["show", ITEM]], seconds=1)


async def arrive(page, site, shop, register=""):
    await visit(page, site.page(site.mount(shop)))
    if register:
        await page.evaluate(register)
    await say(page, "Show me the lamp.")
    await expect(page.locator(".dots")).to_be_visible()


async def states(shop, *expected):
    """Wait until the shop's calls are in these states."""
    async with asyncio.timeout(10):
        while (found := await run_in_db_thread(call_states, shop.tenant)) != list(expected):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def ask(shop):
    """Have the assistant come to its next call or to its answer."""
    assert await run_in_db_thread(work, shop.tenant)


async def runs_once(page, site, shop, wire):
    """Over this wire the page is asked, does it once, and the assistant hears of it."""
    await wire.hold(page)
    await arrive(page, site, shop, COUNTING)
    await ask(shop)
    await states(shop, "done")
    await ask(shop)

    await answered(page, "null")
    assert await page.evaluate("window.shown") == ["lamp"]


async def test_functions_of_the_page_are_called_and_their_results_told(page, site, shop):
    """One after another, by their number; each with what the assistant is told of it."""
    functions = {
        "({n}) => ({shown: n})": '{"shown": 0}',
        "async () => { await null; return 'lamp' }": "lamp",
        "() => {}": "null",
        "() => { throw new Error('No lamp.') }": "error: Error: No lamp.",
        "async () => { throw new Error('No shop.') }": "error: Error: No shop.",
        "() => { const a = {}; a.a = a; return a }": "error: TypeError",
        "() => 1n": "error: TypeError",
        "() => 'é'.repeat(20000)": "error: Error: The result is too large.",
    }
    steps = [["show", {"n": number}] for number in range(len(functions))]
    await run_in_db_thread(rescript_with_page, shop, steps)
    register = f"chat.registerTool('show', args => [{', '.join(functions)}][args.n](args))"

    await arrive(page, site, shop, register)
    for number in range(len(functions)):
        await ask(shop)
        await states(shop, *["done"] * min(number + 1, 3), *["failed"] * max(0, number - 2))
    await ask(shop)

    answer = page.locator(".assistant:not(.streaming)", has_text="shown")
    for told in functions.values():
        await expect(answer).to_contain_text(told)


async def test_nobody_waits_for_a_function_that_the_page_does_not_have(page, site, asking):
    await arrive(page, site, asking)
    await ask(asking)

    await states(asking, "failed")
    await ask(asking)

    await answered(page, "This page has no tool show.")


async def test_a_call_runs_once_however_often_it_is_told(page, site, asking):
    wire = Wire()
    wire.repeat = lambda frame: frame["type"] == "tool:request"

    await runs_once(page, site, asking, wire)


async def test_a_result_that_was_lost_is_sent_again(page, site, asking):
    wire = Wire()
    wire.lose = lambda frame: frame["type"] == "tool:result"
    await wire.hold(page)
    await arrive(page, site, asking, COUNTING)
    await ask(asking)
    async with asyncio.timeout(10):
        while wire.sent[-1]["type"] != "tool:result":  # noqa: ASYNC110 -- a poll is plain
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
        while not await page.evaluate("Boolean(window.finish)"):  # noqa: ASYNC110 -- a poll is plain
            await asyncio.sleep(0.05)

    await wire.cut()
    await page.evaluate("window.finish('Shown.')")

    await states(asking_twice, "done", "done")
    wire.mend()
    await ask(asking_twice)
    await answered(page, "1 | Shown.")


async def test_the_page_is_asked_where_there_never_was_a_socket(page, site, asking):
    wire = Wire()
    wire.is_cut = True

    await runs_once(page, site, asking, wire)


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

    await cut_requests(page)
    await wire.cut()
    await ask(hasty)
    await asyncio.sleep(1.1)
    await mend_requests(page)
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
