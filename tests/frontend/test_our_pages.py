"""The product's own pages in a real browser, under the policies that the product sends."""

import re

import pytest

from tenants.executor import run_in_db_thread
from tenants.models import User
from tenants.scope import tenant_scope
from tests.factories import PASSWORD, make_member
from widgets.models import Bubble

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def operator_email(database):
    return User.objects.create_superuser("browser@operators.example", PASSWORD).email


async def require_fit(page):
    """No page is wider than its window."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def log_in(page, address, email):
    """Go to a page of the admin, by way of its log-in."""
    await page.goto(address)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_start_page_leads_on(page, live_server_url, scheme):
    await page.emulate_media(color_scheme=scheme)
    await page.goto(f"{live_server_url}/about")

    links = await page.get_by_role("link").evaluate_all("all => all.map(a => a.pathname)")
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert links == ["/", "/admin/", "/api/docs", "/readyz"]
    assert await page.get_by_role("heading", level=1).inner_text() == "LiveChat"
    assert (
        background == {"light": "oklch(0.986 0.003 262)", "dark": "oklch(0.16 0.012 262)"}[scheme]
    )
    await require_fit(page)


async def test_the_api_can_be_read_and_tried(page, live_server_url):
    await page.goto(f"{live_server_url}/api/docs")

    await page.locator("#operations-log-in-logIn button").first.click()
    await page.get_by_role("button", name="Try it out").click()
    await page.get_by_role("button", name="Execute").click()
    status = await page.locator(".live-responses-table .response-col_status").last.inner_text()

    # A browser notes any answer that is an error; this one is expected.
    page.complaints = [text for text in page.complaints if "40" not in text]
    assert status.startswith("40")


async def test_operators_find_every_setting_of_a_bubble(
    page, live_server_url, operator_email, shop
):
    bubble = await run_in_db_thread(_bubble, shop)
    address = f"{live_server_url}/admin/widgets/bubble/{bubble.pk}/change/"
    await log_in(page, address, operator_email)

    title = page.locator("[name=settings__widget__title]")
    await page.locator("nav a", has_text="Words").click()
    await title.wait_for(state="hidden")
    await page.locator("nav a", has_text="Look").click()
    await title.fill("Ask us")
    await require_fit(page)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.wait_for_load_state("networkidle")

    saved = await run_in_db_thread(_bubble, shop)
    assert saved.settings == {"widget": {"title": "Ask us"}}


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("faq", {"text", "file"}),
        ("pdf", {"file"}),
        ("web", {"page_limit", "path_prefix", "refresh_hours"}),
    ],
)
async def test_knowledge_asks_for_what_its_kind_needs(
    page, live_server_url, operator_email, kind, asked
):
    address = f"{live_server_url}/admin/assistants/knowledgesource/add/"
    await log_in(page, address, operator_email)

    await page.locator("[name=kind]").select_option(kind)

    fields = {"text", "file", "page_limit", "path_prefix", "refresh_hours"}
    for name in fields:
        row = page.locator(f".field-{name}").first
        await row.wait_for(state="visible" if name in asked else "hidden")
    await require_fit(page)


def _bubble(shop):
    with shop.scope():
        return Bubble.objects.get()


async def test_the_bubble_is_drawn_beside_its_form(page, live_server_url, shop):
    """Before anything is saved, without a request, and without taking the focus from the form."""
    member = await run_in_db_thread(make_member, shop.tenant, role="owner")
    bubble = shop.bubble.id
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    address = f"{live_server_url}/admin/widgets/bubble/{bubble}/change/?path=1"
    await log_in(page, address, member.user.email)
    frame = page.frame_locator(".preview iframe")

    await frame.get_by_role("dialog").wait_for()
    title = page.locator("#id_settings__widget__title")
    await title.fill("Juniper help")
    await frame.get_by_role("dialog", name="Juniper help").wait_for()
    focused = await title.evaluate("field => field === document.activeElement")
    note = page.get_by_text(re.compile(r"^Contrast \d"))
    await page.locator("#id_settings__widget__primaryColor").fill("#ffee00")
    await frame.locator(".root[style*='255 238 0']").wait_for()
    assert not await note.is_visible()
    await page.locator("#id_settings__widget__textColor").fill("#fff")
    await page.get_by_text("Contrast 1.20 to 1").wait_for()
    # A form that is switched on asks for what it would ask for once it is saved.
    switch = page.locator("#id_settings__preChatForm__enabled")
    await switch.evaluate(
        "one => { one.checked = true; one.dispatchEvent(new Event('change', {bubbles: true})); }"
    )
    await frame.get_by_label("E-mail").wait_for()
    await page.locator("nav a", has_text="Behaviour").click()
    fields = page.locator("#id_settings__preChatForm__fields")
    await fields.fill("order | Order number | text | yes\nphone | Your phone | tel\nunfinished |")
    await frame.get_by_label("Order number").wait_for()
    for label in ("Your phone (optional)", "unfinished (optional)"):
        assert await frame.get_by_label(label).is_visible(), label
    assert not await frame.get_by_role("button", name="Skip").is_visible()
    await fields.fill("")
    await frame.get_by_label("E-mail").wait_for()
    await page.locator("nav a", has_text="Look").click()
    # The bar that saves leaves the launcher in sight.
    await page.set_viewport_size({"width": 1280, "height": 800})
    for place in (0, 10_000):
        await page.evaluate("y => scrollTo(0, y)", place)
        drawn = await page.locator(".preview .frame").bounding_box()
        bar = await page.locator("#submit-row").bounding_box()
        assert drawn["y"] + drawn["height"] <= bar["y"], place
    await page.get_by_role("button", name="Open", exact=True).click()
    await frame.get_by_role("dialog").wait_for(state="hidden")
    kept = await run_in_db_thread(settings_of, shop.tenant.id, bubble)

    assert focused
    assert kept == shop.bubble.settings
    assert not [url for url in asked if "/api/" in url]
    await require_fit(page)
    await page.goto(f"{live_server_url}/admin/start/{shop.tenant.id}/")
    await require_fit(page)
    await page.get_by_role("link", name="Try it and copy the snippet").click()
    await page.frame_locator(".frame iframe").get_by_role("dialog").wait_for()
    await require_fit(page)


def settings_of(tenant_id, bubble_id):
    with tenant_scope(tenant_id):
        return Bubble.objects.get(pk=bubble_id).settings
