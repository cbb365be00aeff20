"""A product of its own, to be broken: stores, web servers, workers and two demo tenants."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from livechat.embedded import EmbeddedServices, ServiceError
from livechat.embedded.postgres import SUPERUSER
from livechat.embedded.redis import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
STOP_SECONDS = 20
WEB = [sys.executable, "-m", "livechat.server"]
WORKER = [sys.executable, "-m", "celery", "-A", "livechat", "worker", "--pool=threads"]
WORKER_OPTIONS = ["--concurrency=4", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
WORKER_IS_READY = b" ready."
# The machine does not fail here, only processes do: what PostgreSQL wrote is kept without fsync.
DURABLE = {"synchronous_commit": "on", "max_wal_size": "256MB"}


@dataclass(eq=False)
class Tenant:
    """A tenant with one bubble, some members and a key for each door.

    ``access`` is the access token of the member who logged in last.
    """

    id: str
    code: str
    token: str
    emails: list
    password: str
    member_id: str
    api_key: str
    blits_token: str
    access: str = ""


@dataclass(eq=False)
class Service:
    """One process of the product, which may end and be started again."""

    command: list
    env: dict
    log: Path
    is_ready: object
    url: str = ""
    process: subprocess.Popen | None = field(default=None, init=False)
    _begun: int = field(default=0, init=False)

    def start(self):
        with self.log.open("ab") as output:
            self._begun = output.tell()
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready(self):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command} did not start:\n{self.written()[-4000:]}")
            time.sleep(0.1)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """End as in a power cut, and no later than this returns."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        # A frozen process would wait for its end for ever.
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def written(self):
        """What it has logged since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self._begun)
            return log.read()


class Product:
    def __init__(self, folder):
        self.folder = folder
        self.services = EmbeddedServices(folder, throwaway=True)
        self.redis, self.postgres = self.services.redis, self.services.postgres
        self.postgres.settings |= DURABLE
        # A store ends with the thread that started it, so this one starts them all.
        self._hands = ThreadPoolExecutor(1)

    def start(self):
        self.env = self.by_hand(self.services.start) | {"VAR_DIR": str(self.folder)}
        self.run("manage.py", "migrate", "--verbosity=0")

    def stop(self):
        for store in self.services.all():
            if store.is_running():
                store.child.send_signal(signal.SIGCONT)
        self.by_hand(self.services.stop)
        self._hands.shutdown()

    def by_hand(self, function):
        """Do what may start a store, from whatever thread."""
        return self._hands.submit(function).result()

    def relaunch(self, store):
        """Start a store again, as soon as nothing of the old one is left."""
        while True:
            # PostgreSQL refuses to, as long as one of the killed server's processes is at work.
            with suppress(ServiceError):
                return self.by_hand(store.relaunch)
            time.sleep(0.2)

    def run(self, *words, **env):
        env = {**os.environ, **self.env, **env}
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tenants(self, *names):
        made = json.loads(self.run("-m", "tests.faults.tenants", *names))
        return [Tenant(**tenant) for tenant in made]

    def new_web(self, **env):
        """A web server that is not started yet; its ``url`` says where it will be."""
        place = {"HOST": "127.0.0.1", "PORT": str(free_port())}
        env = {**place, "DRAIN_SECONDS": "0", **self.env, **env}
        address = f"{env['HOST']}:{env['PORT']}"
        log = self.folder / f"web-{address}.log"
        return Service(WEB, env, log, _lives, f"http://{address}")

    def new_worker(self, **env):
        name = f"worker-{free_port()}"
        command = [*WORKER, *WORKER_OPTIONS, f"--hostname={name}@%h"]
        log = self.folder / f"{name}.log"
        return Service(command, {**self.env, **env}, log, _is_at_work)

    def web(self, **env):
        return running(self.new_web(**env))

    def worker(self, **env):
        return running(self.new_worker(**env))

    def rows(self, query, *values):
        with self.superuser() as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query, *values):
        return self.rows(query, *values)[0][0]

    def superuser(self):
        return psycopg.connect(self.postgres.url(SUPERUSER), autocommit=True)

    @contextmanager
    def locked(self, table):
        """Nobody reads or writes this table for the length of the block."""
        with psycopg.connect(self.postgres.url(SUPERUSER)) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield


@contextmanager
def running(service):
    """Run a process until the end of the block."""
    service.start()
    try:
        yield service
    finally:
        service.stop()


def _lives(service):
    try:
        return httpx.get(f"{service.url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _is_at_work(service):
    return WORKER_IS_READY in service.written()
