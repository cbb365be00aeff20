"""nginx as deploy/ ships it, but for the addresses, and the name server that it asks."""

import shutil
import socket
import socketserver
import struct
import sys
import threading
from contextlib import contextmanager

import pytest

from livechat.embedded.redis import free_port
from tests.servers import ROOT, running, wait_until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/bin")
SHIPPED = ROOT / "deploy" / "nginx"

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
# Other systems have no addresses to spare on the loopback.
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="it needs Linux' 127.0.0.2")


@contextmanager
def reverse_proxy(folder, *, names, web_port):
    """nginx in front of the web processes that ``names`` finds; its ``url`` says where."""
    port = free_port()
    replaced = {
        "127.0.0.11": f"127.0.0.1:{names.port} ipv6=off",
        ":8000": f":{web_port}",
        "listen 8080": f"listen 127.0.0.1:{port}",
    }
    command = [NGINX, "-p", folder, "-c", write_configuration(folder, "plain", replaced)]
    with running([*command, "-g", "daemon off;"], log=folder / "nginx.log") as process:
        process.url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _listens(port), process)
        yield process


def write_configuration(folder, variant, replaced=None):
    """Write the shipped files to ``folder``, with other words in the place of some."""
    replaced = {"/tmp/": f"{folder}/", **(replaced or {})}
    for name, target in (("nginx.conf", "nginx.conf"), (f"{variant}.conf", "livechat.conf")):
        text = (SHIPPED / name).read_text()
        for words, others in replaced.items():
            text = text.replace(words, others)
        (folder / target).write_text(text)
    return folder / "nginx.conf"


class NameServer(socketserver.ThreadingUDPServer):
    """Answers every question with ``addresses``, as a container network's does for a service."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Question)
        self.addresses = []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Question(socketserver.BaseRequestHandler):
    def handle(self):
        query, line = self.request
        question = query[12 : query.index(b"\0", 12) + 5]
        addresses = list(self.server.addresses)
        header = query[:2] + struct.pack("!5H", 0x8180, 1, len(addresses), 0, 0)
        records = [
            struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address)
            for address in addresses
        ]
        line.sendto(header + question + b"".join(records), self.client_address)


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
