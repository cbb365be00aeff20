"""A tenant's own server, on loopback: it answers as it is told, and remembers every call."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    query: dict
    headers: dict
    body: object


@dataclass
class Answer:
    """What is answered to one call. ``hang`` makes the caller wait, ``cut`` ends the connection."""

    body: object = "Done."
    status: int = 200
    headers: dict = field(default_factory=dict)
    hang: threading.Event | None = None
    cut: bool = False


class ToolServer:
    def __init__(self):
        self.received = []
        self.answers = []
        self.url = ""
        # A test may wait until a call has come in.
        self.arrived = threading.Event()

    def will(self, *answers):
        """Answer the following calls so, and the last way from then on."""
        self.answers = list(answers)

    def next_answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else (self.answers or [Answer()])[0]

    @property
    def bodies(self):
        return [call.body for call in self.received]


@contextmanager
def open_tool_server():
    server = ToolServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length).decode()
            target = urlsplit(self.path)
            server.received.append(
                Received(
                    self.command,
                    target.path,
                    dict(parse_qsl(target.query, keep_blank_values=True)),
                    dict(self.headers),
                    json.loads(text) if text else None,
                )
            )
            answer = server.next_answer()
            server.arrived.set()
            if answer.hang is not None:
                answer.hang.wait(10)
            if answer.cut:
                self.close_connection = True
                return
            self._send(answer)

        def _send(self, answer):
            body = answer.body
            if not isinstance(body, bytes):
                body = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *args):
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server.host = f"127.0.0.1:{listener.server_address[1]}"
    server.url = f"http://{server.host}/tool"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
