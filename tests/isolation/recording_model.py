"""A models' server and a tool's server that remember what they were told, by the key shown."""

import json
import threading
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A message with this word makes the model call its tool.
CALLS = "lookup"


class Recording:
    def __init__(self, url):
        self.url, self.told = url, defaultdict(list)


@contextmanager
def recording_model():
    """Serve the OpenAI wire at ``/v1`` and a tool at ``/tool``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            recording.told[self.headers["Authorization"]].append(text)
            is_tools = self.path.startswith("/tool")
            answer, kind = ("Found.", "text/plain") if is_tools else (_words(text), EVENTS)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args):
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recording = Recording(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield recording
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


EVENTS = "text/event-stream"


def _words(text):
    """A call of the tool for who asks for it, else words that rest on nothing."""
    last = json.loads(text)["messages"][-1]
    if last["role"] == "user" and CALLS in str(last["content"]):
        function = {"name": CALLS, "arguments": json.dumps({"word": "anything"})}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        return _stream({"role": "assistant", "tool_calls": [call]}, "tool_calls")
    return _stream({"role": "assistant", "content": "How can I help you?"}, "stop")


def _stream(delta, reason):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "recording"}
    choices = ({"delta": delta, "finish_reason": None}, {"delta": {}, "finish_reason": reason})
    chunks = ({**chunk, "choices": [{"index": 0, **choice}]} for choice in choices)
    return "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
