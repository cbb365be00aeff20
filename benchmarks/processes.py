"""The product's processes, started for one run and measured from outside."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from livechat.embedded import EmbeddedServices
from livechat.embedded.processes import end, spawn
from livechat.embedded.redis import free_port

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
PROCESSES = Path("/proc/self")
READY_SECONDS = 60
CELERY = ["celery", "--app=livechat", "--quiet"]
WORKER = [*CELERY, "worker", "--pool=threads", "--without-gossip", "--without-mingle"]


@dataclass
class Product:
    """A running product: where it is, and how to run more code inside its environment."""

    env: dict[str, str]
    port: int
    pids: dict[str, int]
    folder: Path
    model_port: int
    demo: dict[str, str] = field(default_factory=dict)

    def cpu_seconds(self) -> dict[str, float]:
        """How long each part has computed so far; nothing where the system does not tell."""
        if not PROCESSES.exists():
            return {}
        return {name: _cpu_seconds(pid) for name, pid in self.pids.items()}

    def inside(self, module: str, *words: str, given: object = None, **env: str) -> Any:
        """Run a module of ``benchmarks.inside`` and return what it printed as JSON."""
        command = [sys.executable, "-m", f"benchmarks.inside.{module}", *words]
        return json.loads(run(command, env=self.env | env, given=json.dumps(given)))

    @contextlib.contextmanager
    def another_web(self, **env: str) -> Iterator["Web"]:
        """Start one more web server, with settings of its own."""
        web = Web(self, free_port(), env)
        web.start()
        try:
            yield web
        finally:
            web.stop()

    def wait_for_knowledge(self) -> None:
        """Wait until the worker has read what the demo's assistant knows."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.inside("knowledge"):
            if time.monotonic() > deadline:
                raise SystemExit("The worker does not read the knowledge.")


class Web:
    """A web server that can be killed and started again at the same port."""

    def __init__(self, product: Product, port: int, env: Mapping[str, str]) -> None:
        self.port = port
        self._env = product.env | {"PORT": str(port), **env}
        self._log = product.folder / f"web-{port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        """Start it, and wait until it serves."""
        with self._log.open("ab") as output:
            command = [sys.executable, "-m", "livechat.server"]
            self.process = spawn(command, output=output, env=self._env, cwd=ROOT)
        wait_until_serving(self.port, path="/readyz")

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, by=time.monotonic() + 5, politely=signal.SIGTERM)


@contextlib.contextmanager
def product() -> Iterator[Product]:
    """Start embedded stores, web and one worker in a folder of their own; end them afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="livechat-benchmark-") as name,
        contextlib.ExitStack() as stack,
    ):
        folder, port, model_port = Path(name), free_port(), free_port()
        services = EmbeddedServices(folder)
        stack.callback(services.stop)
        env = _environment(folder, port=port, model_port=model_port) | services.start()
        run([sys.executable, "manage.py", "migrate", "--verbosity=0"], env=env)
        demo = run([sys.executable, "manage.py", "demo", "--json"], env=env)
        pids = {each.name: each.child.pid for each in services.all() if each.child}
        for name, words in {"web": ["livechat.server"], "worker": WORKER}.items():
            running = child(words, env=env, log=folder / f"{name}.log")
            pids[name] = stack.enter_context(running)
        wait_until_serving(port, path="/readyz")
        yield Product(env, port, pids, folder, model_port, json.loads(demo))


def child(
    words: list[str], *, env: Mapping[str, str], log: Path
) -> contextlib.AbstractContextManager[int]:
    """Run a Python module as a process and yield its id."""
    return child_of([sys.executable, "-m", *words], env=env, log=log)


@contextlib.contextmanager
def child_of(command: list[str], *, env: Mapping[str, str], log: Path) -> Iterator[int]:
    """Run a command as a process and yield its id."""
    with log.open("wb") as output:
        process = spawn(command, output=output, env=env, cwd=ROOT)
    try:
        yield process.pid
    finally:
        end(process, by=time.monotonic() + 5, politely=signal.SIGTERM)


def run(command: list[str], *, env: Mapping[str, str], given: str = "") -> str:
    done = subprocess.run(command, env=env, cwd=ROOT, input=given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:])} failed:\n{done.stderr}")
    return done.stdout


def wait_until_serving(port: int, *, path: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while _status(port, path) != 200:
        if time.monotonic() > deadline:
            raise SystemExit(f"Nothing answers at port {port}.")
        time.sleep(0.1)


def resident_kib(pid: int) -> int:
    """The memory that a process holds at this moment."""
    if PROCESSES.exists():
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s*(\d+)", status)[0])
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout)


def _cpu_seconds(pid: int) -> float:
    """Of a process and its children, those that have ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_cpu_seconds(int(child)) for child in children)


def _environment(folder: Path, *, port: int, model_port: int) -> dict[str, str]:
    return {
        **{
            name: value for name, value in os.environ.items() if name not in ("PRODUCTION", "DEBUG")
        },
        "VAR_DIR": str(folder),
        "HOST": HOST,
        "PORT": str(port),
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "INTERNAL_HOSTS": f"{HOST}:{model_port}",
        "DRAIN_SECONDS": "0",
        "DJANGO_SETTINGS_MODULE": "livechat.settings",
    }


def _status(port: int, path: str) -> int:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
