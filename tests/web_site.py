"""Somebody's web site, on loopback: pages that can be changed, and a record of who asked."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = "text/html; charset=utf-8"


@dataclass
class Page:
    """What is answered at a path; a ``body`` that is an iterator is sent piece by piece."""

    body: object = b""
    kind: str = HTML
    status: int = 200
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict


class WebSite:
    """Its host must stand in ``INTERNAL_HOSTS``: everything on loopback is private."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.url = self.host = ""

    def put(self, path, body, *, kind=HTML, status=200, **headers):
        """Answer with this from now on; an underscore in a header's name stands for a hyphen."""
        body = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Page(body, kind, status, named)

    def redirect(self, path, location, *, status=302):
        self.put(path, "", status=status, Location=location)

    def paths(self):
        return [asked.path for asked in self.asked]


@contextmanager
def open_web_site(ssl_context=None):
    site = WebSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    if ssl_context:
        server.socket = ssl_context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    site.port = server.server_address[1]
    site.host = f"127.0.0.1:{site.port}"
    site.url = f"http://{site.host}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(site):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            site.asked.append(Asked(self.path, dict(self.headers)))
            page = site.pages.get(self.path, Page(b"Not here.", status=404))
            etag = page.headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                page = Page(status=304, headers={"ETag": etag})
            self._answer(page)

        def _answer(self, page):
            self.send_response(page.status)
            if page.status != 304:
                self.send_header("Content-Type", page.kind)
            for name, value in page.headers.items():
                self.send_header(name, value)
            whole = isinstance(page.body, bytes)
            self.send_header(*(("Content-Length", len(page.body)) if whole else _UNTIL_CLOSED))
            self.end_headers()
            self.close_connection = not whole
            try:
                for piece in [page.body] if whole else page.body:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                self.close_connection = True

        def log_message(self, *args):
            pass

    return Handler


_UNTIL_CLOSED = ("Connection", "close")
