"""A models' server that never stops writing, in small pieces or in one huge one."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SENTENCE = "The shop opens at nine in the morning [1]. "


@contextmanager
def endless_server(piece=SENTENCE):
    """Serve the OpenAI wire; yields its base URL, and an event that is set when a reader left."""
    left = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(_chunk(piece))
            except OSError:
                left.set()

        def log_message(self, *args):
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}/v1", left
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def _chunk(text):
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "endless"}
    return f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode()
