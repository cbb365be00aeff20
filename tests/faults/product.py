"""A product of its own, to be broken: stores, web servers, workers and two demo tenants."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psycopg

from livechat.embedded import EmbeddedServices
from livechat.embedded.postgres import SUPERUSER
from livechat.embedded.redis import free_port
from tests.servers import ROOT, running, wait_until

WORKER = ["-m", "celery", "-A", "livechat", "worker", "--pool=threads", "--concurrency=4"]
WORKER_OPTIONS = ["--without-gossip", "--without-mingle", "--loglevel=INFO"]
WORKERS_PULSE = "SELECT count(*) FROM realtime_pulse WHERE name = 'worker' AND at > %s"


@dataclass(eq=False)
class Tenant:
    """A tenant with one bubble and one member, whose access token is ``access``."""

    id: str
    code: str
    token: str
    email: str
    password: str
    access: str = ""


class Product:
    def __init__(self, folder):
        self.folder = folder
        self.services = EmbeddedServices(folder, throwaway=True)
        self.redis = self.services.redis

    def start(self):
        addresses = self.services.start()
        self.env = addresses | {"VAR_DIR": str(self.folder)}
        self.database = psycopg.connect(self.services.postgres.url(SUPERUSER), autocommit=True)
        self.run("manage.py", "migrate", "--verbosity=0")

    def stop(self):
        self.database.close()
        # A frozen process would wait for its end for ever.
        if self.redis.is_running():
            self.redis.child.send_signal(signal.SIGCONT)
        self.services.stop()

    def run(self, *words):
        env = {**os.environ, **self.env}
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tenants(self, *names):
        made = json.loads(self.run("-m", "tests.faults.tenants", *names))
        return [Tenant(**tenant) for tenant in made]

    @contextmanager
    def web(self, **env):
        """A web server; its ``url`` says where."""
        place = {"HOST": "127.0.0.1", "PORT": str(free_port())}
        env = {**place, "DRAIN_SECONDS": "0", **self.env, **env}
        address = f"{env['HOST']}:{env['PORT']}"
        log = self.folder / f"web-{address}.log"
        with running([sys.executable, "-m", "livechat.server"], log=log, **env) as process:
            process.url = f"http://{address}"
            wait_until(lambda: _lives(process.url), process)
            yield process

    @contextmanager
    def worker(self, **env):
        command = [sys.executable, *WORKER, *WORKER_OPTIONS]
        log = self.folder / f"worker-{free_port()}.log"
        begun = self.value("SELECT now()")
        with running(command, log=log, **{**self.env, **env}) as process:
            wait_until(lambda: self.value(WORKERS_PULSE, begun), process)
            yield process

    def rows(self, query, *values):
        return self.database.execute(query, values).fetchall()

    def value(self, query, *values):
        return self.rows(query, *values)[0][0]

    @contextmanager
    def locked(self, table):
        """Nobody reads or writes this table for the length of the block."""
        with psycopg.connect(self.services.postgres.url(SUPERUSER)) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield


def kill(process):
    """End a process as a power cut does, and no later than this returns."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def _lives(url):
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
