"""The pages between a company's name and its first visitor: readable, and for everybody."""

import os

import pytest
from playwright.async_api import expect

from tenants.executor import run_in_db_thread
from tests.factories import PASSWORD, make_member
from tests.frontend.accessibility import violations
from tests.frontend.visitors import launcher

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOKS = [("light", 1280), ("dark", 360)]
SHOTS = os.environ.get("SCREENSHOTS", "")


async def test_the_path_can_be_read_by_everybody(page, shop, site, live_server_url):
    member = await run_in_db_thread(make_member, shop.tenant, role="owner")
    admin, tenant, bubble = f"{live_server_url}/admin", shop.tenant.id, shop.bubble.id
    start = f"{admin}/start/{tenant}/"
    found = {}

    await page.goto(start)
    await look_at(page, "log-in", found)
    await page.get_by_label("E-mail").fill(member.user.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(start)
    for name, path in {
        "start": f"start/{tenant}/",
        "company": f"tenants/tenant/{tenant}/change/?path=1",
        "invite": f"tenants/membership/add/?tenant={tenant}&path=1",
        "bubble": f"widgets/bubble/{bubble}/change/?path=1",
        "playground": f"playground/{bubble}/",
        "usage": f"usage/{tenant}/",
    }.items():
        await page.goto(f"{admin}/{path}")
        await look_at(page, name, found)

    assert found == {}
    await page.clock.install()
    await page.goto(f"{admin}/playground/{bubble}/")
    await expect(page.locator(".seen")).to_contain_text("Not seen on your pages yet.")
    visited = await page.context.new_page()
    await visited.goto(site.page(site.mount(shop)))
    await expect(launcher(visited)).to_be_visible()
    await page.bring_to_front()
    await page.clock.run_for(4_000)
    await expect(page.locator(".seen-yes")).to_contain_text("Seen on http://")


async def look_at(page, name, found):
    """Nothing sticks out and nothing is wrong, in daylight and at night, on desk and phone."""
    for scheme, width in LOOKS:
        await page.emulate_media(color_scheme=scheme)
        # The admin looks at the scheme when it loads, and never again.
        await page.evaluate(
            "dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark"
        )
        await page.set_viewport_size({"width": width, "height": 800})
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/{name}-{scheme}.png", full_page=True)
        sticks_out = await page.evaluate("document.documentElement.scrollWidth") > width
        wrong = [*(["sticks out"] if sticks_out else []), *await violations(page)]
        if wrong:
            found[name, scheme] = wrong
