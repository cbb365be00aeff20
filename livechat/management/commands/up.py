"""Runs the whole product on one machine: ``make run``."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from livechat.embedded import EmbeddedServices, ServiceError
from livechat.embedded.processes import write_private
from livechat.env import env_int, env_text
from livechat.supervisor import Child, Supervisor, end_orphans
from livechat.welcome import screen

READY_SECONDS = 120
# One machine has no other server for visitors to move to, so nothing is gained by a long drain.
DRAIN_SECONDS = "2"
WORKER_OPTIONS = ["--pool=threads", "--without-gossip", "--without-mingle", "--loglevel=warning"]

INGESTION_OPTIONS = ["--queues=ingestion", "--hostname=ingestion@%h"]


class Stopped(BaseException):
    """Somebody asked us to end; not an Exception, so that no handler on the way takes it."""


class Command(BaseCommand):
    help = "Runs the whole product: embedded stores unless their URLs are set, and all processes."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        self.folder: Path = settings.VAR_DIR / "run"
        self.folder.mkdir(parents=True, exist_ok=True)
        with _only_one(self.folder / "up.lock"), contextlib.suppress(Stopped), _stop_signals():
            self.run()

    def run(self) -> None:
        env = self.environment()
        end_orphans(self.folder)
        _refuse_taken_port(env["HOST"], int(env["PORT"]))
        self.say("Starting.")
        try:
            stores = self.stores()
            env |= stores.start()
            self.serve(stores, env=env)
        except ServiceError as error:
            raise CommandError(str(error)) from None

    def environment(self) -> dict[str, str]:
        """Return the environment that the children get beside the stores' addresses."""
        return {
            "DRAIN_SECONDS": DRAIN_SECONDS,
            **os.environ,
            "HOST": env_text("HOST", "127.0.0.1"),
            "PORT": str(env_int("PORT", 8000, at_least=1, at_most=65535)),
            "PYTHONUNBUFFERED": "1",
        }

    def children(self, env: dict[str, str]) -> list[Child]:
        celery = [sys.executable, "-m", "celery", "--app=livechat", "--quiet"]
        commands = {
            "web": [sys.executable, "-m", "livechat.server"],
            "worker": [*celery, "worker", *WORKER_OPTIONS],
            "ingestion": [*celery, "worker", *INGESTION_OPTIONS, *WORKER_OPTIONS],
            "beat": [*celery, "beat", "--loglevel=warning"],
        }
        return [
            Child(
                name,
                command=command,
                env=env | _metrics_port(number),
                cwd=settings.BASE_DIR,
                folder=self.folder,
            )
            for number, (name, command) in enumerate(commands.items())
        ]

    def stores(self) -> EmbeddedServices:
        return EmbeddedServices(
            settings.VAR_DIR,
            database=not env_text("DATABASE_URL"),
            redis=not env_text("REDIS_URL"),
        )

    def serve(self, stores: EmbeddedServices, *, env: dict[str, str]) -> None:
        """Run the product on started stores until somebody asks us to end."""
        children = self.children(env)
        supervisor = Supervisor(stores=stores.all(), children=children, say=self.say)
        addresses = settings.VAR_DIR / "services.json"
        try:
            found = {**stores.environment(), "PUBLIC_URL": settings.PUBLIC_URL}
            write_private(addresses, json.dumps(found))
            self.prepare_database(env)
            supervisor.start()
            demo = self.demo(env)
            self.wait_until_ready(supervisor, env=env)
            # What was written on the way belongs above the screen.
            supervisor.tick()
            folder = settings.EMAIL_FILE_PATH
            self.say(screen(settings.PUBLIC_URL, demo=demo, mail_folder=folder))
            while True:
                supervisor.tick()
        finally:
            _ignore_signals()
            self.say("Ending.")
            supervisor.stop()
            addresses.unlink(missing_ok=True)

    def prepare_database(self, env: dict[str, str]) -> None:
        if not _migrations_are_missing(env.get("DATABASE_OWNER_URL") or env["DATABASE_URL"]):
            return
        self.say("Preparing the database.")
        done = self.manage("migrate", env=env)
        if done.returncode:
            raise CommandError(f"The database cannot be prepared.\n{done.stdout}{done.stderr}")

    def demo(self, env: dict[str, str]) -> dict[str, str]:
        """Return the demo tenant, made at the first start; nothing in production."""
        if settings.PRODUCTION:
            return {}
        self.say("Preparing the demo tenant; at first it reads the documentation.")
        done = self.manage("demo", "--json", env=env)
        if done.returncode:
            self.say(f"There is no demo tenant: {done.stderr.strip()}")
            return {}
        return dict(json.loads(done.stdout))

    def manage(self, *words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=settings.BASE_DIR,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def wait_until_ready(self, supervisor: Supervisor, *, env: dict[str, str]) -> None:
        self.say("Waiting for the web server.")
        deadline = time.monotonic() + READY_SECONDS
        while problem := _readiness_problem(env["HOST"], int(env["PORT"])):
            if time.monotonic() > deadline:
                raise CommandError(f"The web server did not become ready: {problem}")
            supervisor.tick()

    def say(self, text: str) -> None:
        # A reader that went away, as in ``make run | head``, ends neither the product nor its end.
        with contextlib.suppress(OSError):
            self.stdout.write(text)
            self.stdout.flush()


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock that ends with us, however we end."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"LiveChat runs already with its data in {path.parents[1]}."
            ) from None
        yield


@contextlib.contextmanager
def _stop_signals() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield


def _ignore_signals() -> None:
    """Let nothing interrupt the end, which takes some seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot use port {port} of {host}: {error.strerror}. Set PORT to another one."
            ) from None


def _metrics_port(number: int) -> dict[str, str]:
    """The port of each child's figures: METRICS_PORT, and those that follow."""
    return {"METRICS_PORT": str(settings.METRICS_PORT + number)} if settings.METRICS_PORT else {}


def _migrations_are_missing(url: str) -> bool:
    """Say whether ``migrate`` has work to do, in less time than it takes to say so itself."""
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    try:
        with psycopg.connect(url) as connection:
            applied = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    except psycopg.errors.UndefinedTable:
        return True
    except psycopg.OperationalError as error:
        raise ServiceError(f"The database cannot be reached: {str(error).strip()}") from None
    return not known <= set(applied)


def _readiness_problem(host: str, port: int) -> str:
    """Return why the web server may not take traffic yet, or an empty string."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- not bound
    connection = http.client.HTTPConnection(reachable, port, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": urlsplit(settings.PUBLIC_URL).netloc})
        response = connection.getresponse()
        return "" if response.status == 200 else response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz does not answer ({error})"
    finally:
        connection.close()
