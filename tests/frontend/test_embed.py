"""The snippets that are written down, each on a page of its own: they work as they stand."""

import pytest
from django.conf import settings
from playwright.async_api import expect

from conversations.models import Contact
from tenants.executor import run_in_db_thread
from tenants.models import Credential
from tests.frontend.sites import FILES
from tests.frontend.visitors import asked, box, launcher, panel, say

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMBED = settings.BASE_DIR / "docs" / "embed.md"


@pytest.fixture
def snippet(site, shop):
    """The address of a page that holds a snippet, filled in for the shop."""
    token = shop.token_of(shop.bubble, Credential.Kind.BUBBLE_TOKEN)
    instead = {
        "https://chat.example.com": site.backend,
        "wss://chat.example.com": site.backend.replace("http", "ws"),
        "YOUR_API_TOKEN": token,
        "YOUR_WIDGET_TOKEN": shop.token,
        "YOUR_TENANT_ID": str(shop.tenant.id),
        "YOUR_BUBBLE_CODE": shop.bubble.code,
        "YOUR_BOT_ID": str(shop.assistant.id),
        "YOUR_USER_ID": "kim-7",
    }
    return lambda name: site.file(name, instead)


async def test_the_quick_embed_of_blits(page, snippet, shop):
    await page.goto(snippet("blits_quick.html"))
    await launcher(page).click()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_have_count(1)

    assert await asked(shop) == ["Hello"]
    assert await run_in_db_thread(_attributes, shop) == [{"userId": "kim-7"}]


async def test_the_advanced_call_of_blits_stands_in_its_element(page, snippet, shop):
    await page.goto(snippet("blits_advanced.html"))
    await expect(panel(page)).to_be_visible()
    await expect(box(page)).not_to_be_focused()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_have_count(1)

    await expect(launcher(page)).to_have_count(0)
    await expect(page.get_by_role("button", name="Close the chat")).to_be_hidden()
    place = await page.locator("#blits-chat-container").bounding_box()
    assert await panel(page).bounding_box() == place
    assert await run_in_db_thread(_attributes, shop) == [{"userId": "kim-7"}]
    await page.set_viewport_size({"width": 360, "height": 640})
    assert (await panel(page).bounding_box())["height"] == place["height"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 368


async def test_several_instances_of_blits_are_known_by_their_ids(page, snippet, shop):
    await page.goto(snippet("blits_multiple.html"))
    await expect(launcher(page)).to_have_count(1)
    await expect(panel(page)).to_have_count(1)

    options = {"id": "first", "code": shop.bubble.code}
    ids = await page.evaluate(
        """async (options) => {
            const ids = []
            addEventListener("livechat:ready", ({detail}) => ids.push(detail.instanceId))
            const one = BlitsBotChat.init(options)
            await one.setLocale("en")
            one.open()
            return [...ids, one.isOpen]
        }""",
        options,
    )

    assert ids == ["first", True]
    await expect(page.locator(".launcher")).to_have_count(2)
    await expect(panel(page)).to_have_count(2)
    await page.evaluate("options => BlitsBotChat.init({...options, id: 'second'})", options)
    await expect(page.locator(".inline")).to_have_count(0)


async def test_the_call_of_the_web_widget(page, snippet, shop):
    await page.goto(snippet("web_widget.html"))
    await launcher(page).click()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_have_count(1)

    await expect(panel(page)).to_have_accessible_name("Sunny Shop")
    color = await page.locator(".launcher").evaluate("e => getComputedStyle(e).backgroundColor")
    assert color == "rgb(255, 204, 0)"
    assert (await page.locator(".launcher").bounding_box())["x"] < 100


async def test_what_a_page_asks_for_before_the_script_has_come_is_done_then(page, snippet, shop):
    await page.goto(snippet("before_load.html"))
    await expect(page.locator(".visitor:not(.unsent)")).to_have_count(1)

    await expect(box(page)).to_have_value("Where is my parcel?")
    assert await page.evaluate("[chat.isOpen, chat.unreadCount, told]") == [
        True,
        0,
        ["ready", "sent"],
    ]
    await page.evaluate("chat.destroy()")
    await expect(panel(page)).to_have_count(0)


def _attributes(shop):
    with shop.scope():
        return list(Contact.objects.values_list("attributes", flat=True))


async def test_the_stub_that_is_written_down_is_the_one_that_works():
    stub = (FILES / "before_load.html").read_text().partition("<script>\n  window.told")[0]

    assert stub.partition("<h1>A shop</h1>\n")[2].strip() in EMBED.read_text()
