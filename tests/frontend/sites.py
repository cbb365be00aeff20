"""Somebody else's web site, as strict as a site can be, with the chat on its pages."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILES = Path(__file__).with_name("pages")
# Pages at such paths have no policies, as their scripts are written into them.
LAX = "/lax"
NONCE = "r4nd0m"
POLICY = (
    "default-src 'self'; script-src 'nonce-{nonce}' {backend}; connect-src {backend} {socket}; "
    "style-src 'nonce-{nonce}'; require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A shop</title>
<style nonce="{nonce}">{style}</style>
<h1>A shop</h1>
<p>We sell things.</p>
<script src="{backend}/assets/chat-widget.js"></script>
<script nonce="{nonce}">window.chat = ChatWidget.{call}</script>
</html>
"""


class Site:
    """Pages that differ in the call that they make; each call has a path of its own."""

    policy = POLICY

    def __init__(self, backend):
        self.backend = backend
        self.pages = {}

    def page(self, call, *, style=""):
        """The address of a page that makes this call of ``ChatWidget``."""
        path = f"/{len(self.pages)}"
        page = PAGE.format(nonce=NONCE, backend=self.backend, call=call, style=style)
        self.pages[path] = page.encode()
        return self.url + path

    def file(self, name, instead):
        """The address of a page as it is written down, but for what stands ``instead``."""
        text = (FILES / name).read_text()
        for old, new in instead.items():
            text = text.replace(old, new)
        path = f"/{len(self.pages)}{LAX}"
        self.pages[path] = text.encode()
        return self.url + path

    def mount(self, shop, **options):
        settings = {"code": shop.bubble.code, "backendUrl": self.backend}
        return self.call("mount", settings | options)

    def call(self, name, options):
        return f"{name}({json.dumps(options)})"

    def headers_of(self, path):
        return {"Content-Type": "text/html; charset=utf-8"} if path.endswith(LAX) else self.headers

    @property
    def headers(self):
        socket = self.backend.replace("http", "ws", 1)
        policy = self.policy.format(nonce=NONCE, backend=self.backend, socket=socket)
        return {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Cross-Origin-Opener-Policy": "same-origin",
        }


@contextmanager
def open_site(backend):
    site = Site(backend)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            page = site.pages.get(self.path)
            self.send_response(200 if page else 204)
            for name, value in site.headers_of(self.path).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
