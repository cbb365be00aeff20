import shutil

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from tests.frontend.sites import open_site
from tests.widgets.shops import make_shop

# Without these, Chromium looks for its maker's hosts at every start.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--no-sandbox",
]

# Milliseconds; machines may be busy with more than a browser.
expect.set_options(timeout=20_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("There is no Chromium here; Debian's package is called chromium.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser):
    """A visitor's first page; whatever it complains about is a failure."""
    context = await browser.new_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
    page = await context.new_page()
    page.complaints = []
    page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    await context.close()
    assert page.complaints == []


@pytest.fixture(scope="session")
def site(live_server_url):
    with open_site(live_server_url) as site:
        yield site


@pytest.fixture
def shop(acme, live_server_url):
    return make_shop(acme, live_server_url)
