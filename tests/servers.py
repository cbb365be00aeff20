"""The product's own processes, as they run in production, on the stores of this test run."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from assistants.models import Analysis
from conversations.models import Turn, TurnState
from conversations.models.turn import OPEN_STATES
from livechat.celery import app
from livechat.embedded.redis import free_port
from realtime.models import Pulse
from tenants.scope import platform_scope

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 20


@pytest.fixture(scope="session")
def metrics_ports():
    """Where the real processes tell their figures."""
    return {name: free_port() for name in ("web", "worker")}


@pytest.fixture(scope="session")
def live_server_url(database, processes_folder, metrics_ports):
    """The address of a real web server."""
    with serving(processes_folder, METRICS_PORT=str(metrics_ports["web"])) as url:
        yield url


@pytest.fixture(scope="session")
def live_worker(database, processes_folder, metrics_ports):
    """A real worker, so that questions are answered; it reads knowledge too."""
    port = str(metrics_ports["worker"])
    _leave_nothing_over()
    with working(processes_folder, queues="celery,ingestion", METRICS_PORT=port) as worker:
        yield worker


def _leave_nothing_over():
    """What tests without a worker have asked for would all be answered first."""
    with platform_scope("operators' admin"):
        Turn.objects.filter(state__in=OPEN_STATES).update(state=TurnState.CANCELLED)
        Analysis.objects.filter(state=Analysis.State.QUEUED).delete()
    app.control.purge()


@pytest.fixture(scope="session")
def processes_folder(tmp_path_factory):
    """Where the processes' output is kept; it is shown when one of them does not start."""
    return tmp_path_factory.mktemp("processes")


@contextmanager
def serving(folder, **env):
    """The address of a web server, run on a free port with these settings beside the run's own."""
    with web_process(folder, **env) as process:
        yield process.url


@contextmanager
def web_process(folder, **env):
    """The same as a process, which knows its ``url`` and its ``log``."""
    port = int(env.get("PORT", free_port()))
    command = [sys.executable, "-m", "livechat.server"]
    env = {"HOST": "127.0.0.1", "PORT": str(port), "DRAIN_SECONDS": "1", **env}
    with running(command, log=folder / f"web-{port}.log", **env) as process:
        process.url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(process.url), process)
        yield process


@contextmanager
def working(folder, *, queues="celery", pulse="worker", **env):
    """Run a Celery worker of these queues, with these settings beside the run's own."""
    command = [sys.executable, "-m", "celery", "-A", "livechat", "worker", "--pool=threads"]
    options = ["--concurrency=4", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    command = [*command, *options, f"--queues={queues}"]
    begun = datetime.now(UTC)
    with running(command, log=folder / f"{pulse}-{free_port()}.log", **env) as process:
        lives = Pulse.objects.filter(name=pulse, at__gt=begun).exists
        wait_until(lives, process)
        yield process


@contextmanager
def running(command, *, log, **env):
    """Run a process until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=subprocess.STDOUT
        )
    process.log = log
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        process.kill()
        process.wait()


def wait_until(condition, process, *, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{process.args} did not start:\n{process.log.read_text()[-4000:]}")
        time.sleep(0.1)


def _answers(url):
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code < 500
    except httpx.HTTPError:
        return False
