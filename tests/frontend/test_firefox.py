"""The widget in Firefox: that it works there as well, and the page's console stays clean."""

import json

import pytest

from tenants.executor import run_in_db_thread
from tests.factories import make_member
from tests.frontend.firefox import opened
from tests.frontend.visitors import asked, reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOOLS = """
    window.find = (selector) => [...document.documentElement.children]
        .find((one) => one.shadowRoot)?.shadowRoot.querySelector(selector);
    window.until = (selector) => new Promise((done) => {
        const look = () => { const found = find(selector);
            if (found?.checkVisibility()) done(found.innerText || ""); else setTimeout(look, 20); };
        look();
    });"""

KEY = json.dumps({"key": "Enter", "bubbles": True, "cancelable": True})
ENTER = f"new KeyboardEvent('keydown', {KEY})"


async def test_a_message_gets_its_answer_in_firefox(site, shop):
    member = await run_in_db_thread(make_member, shop.tenant)
    async with opened() as page:
        await page.visit(site.page(site.mount(shop)))
        await page.evaluate(TOOLS)
        await page.evaluate("until('.launcher').then(() => chat.open())")
        greeting = await page.evaluate("until('.assistant .bubble')")
        await page.evaluate("until('textarea').then(() => find('textarea').focus())")
        line = await page.evaluate("find('textarea').clientHeight")
        await page.evaluate("chat.prefill('Hello\\nfrom Firefox')")
        grown = await page.evaluate("find('textarea').clientHeight")
        await page.evaluate(f"find('textarea').dispatchEvent({ENTER})")
        await page.evaluate("until('.visitor:not(.unsent) .bubble')")
        await reply(shop, member, "Hello **back**")
        answer = await page.evaluate("until('.agent strong')")

        assert greeting == "Hello! What would you like to know?"
        assert answer == "back"
        assert grown > line > 30
        assert await asked(shop) == ["Hello\nfrom Firefox"]
        assert page.complaints == []
