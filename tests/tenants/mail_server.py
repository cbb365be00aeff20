"""A mail server that a test starts: it keeps what it is given, and refuses whom it is told to."""

import socketserver
import threading
from contextlib import suppress


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.received, self.refusals = [], {}
        # Whoever wants to deliver waits here for as long as a test holds it closed.
        self.gate, self.waits = threading.Event(), threading.Event()
        self.gate.set()
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class HangingServer(socketserver.ThreadingTCPServer):
    """Takes whoever connects and never comes to an end of what it says."""

    daemon_threads = True

    def __init__(self, words):
        self.words, self.waits, self.closed = words, threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), _Hanging)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.closed.set()
        self.shutdown()
        self.server_close()


class _Hanging(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.waits.set()
        with suppress(OSError):
            while not self.server.closed.wait(0.02):
                self.request.sendall(self.server.words)


class _Conversation(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        self.say("220 ready")
        for line in iter(self.rfile.readline, b""):
            word, _, rest = line.decode().strip().partition(" ")
            match word.upper():
                case "DATA":
                    self.server.waits.set()
                    self.server.gate.wait(10)
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.server.received.append(b"".join(lines))
                    self.say("250 kept")
                case "QUIT":
                    return self.say("221 bye")
                case "RCPT" if code := self.server.refusals.get(rest[4:-1]):
                    self.say(f"{code} refused")
                case _:
                    self.say("250 well")
