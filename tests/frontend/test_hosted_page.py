"""The bubble's own page, in a real browser: it chats, and only listed sites may frame it."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings
from playwright.async_api import expect

from conversations.models import Conversation
from tenants.executor import run_in_db_thread
from tests.frontend.visitors import log, say
from tests.widgets.shops import make_bubble
from widgets.resuming import link_to

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def framers(count):
    """Addresses of sites that show in a frame whatever their path names."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<!doctype html><iframe src="{self.path[1:]}">'.encode())

        def log_message(self, *args):
            pass

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(count)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


def link_back(shop, bubble):
    with shop.scope():
        return link_to(bubble, Conversation.objects.get(session__source_id=bubble.id))


async def test_the_page_chats_and_is_framed_by_listed_sites_alone(page, shop, live_server_url):
    with framers(2) as (listed, other):
        bubble = await run_in_db_thread(
            lambda: make_bubble(shop, name="Page", origins=[listed, "https://www.example.com"])
        )
        address = f"{live_server_url}/chat/{bubble.code}"
        await page.set_viewport_size({"width": 360, "height": 700})
        await page.goto(address)
        await say(page, "Hello from a page of its own.")
        await expect(log(page)).to_contain_text("Hello from a page of its own.")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360

        # The link of a mail, in a browser that knows nothing of the conversation.
        await expect(log(page)).to_contain_text("Delivered")
        link = await run_in_db_thread(lambda: link_back(shop, bubble))
        await page.evaluate("localStorage.clear()")
        await page.goto("about:blank")
        await page.goto(link.replace(settings.PUBLIC_URL, live_server_url))
        await expect(log(page)).to_contain_text("Hello from a page of its own.")
        assert page.url == address
        await page.reload()
        await expect(log(page)).to_contain_text("Hello from a page of its own.")

        framed = page.frame_locator("iframe").get_by_role("textbox")
        await page.goto(f"{listed}/{address}")
        await expect(framed).to_be_visible()
        await page.goto(f"{other}/{address}")
        await expect(framed).to_have_count(0)
    # The browser says why it shows nothing.
    (refused,) = [text for text in page.complaints if "favicon" not in text]
    assert "frame-ancestors" in refused
    page.complaints.clear()
