"""``manage.py up`` for real: everything it starts, what it says, and how it ends."""

import json
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from livechat.embedded.processes import command_of
from livechat.embedded.redis import free_port
from tests.waiting import until

STORES = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}
LAST_LINE = "Ctrl-C ends everything."
CHILDREN = ["web", "worker", "ingestion", "beat"]
SECONDS_TO_END = 10
# Ten on a machine that does nothing else.
SECONDS_TO_START_AGAIN = 30
PROCESS = re.compile(r"^process_(?:start_time_seconds|resident_memory_bytes) (\S+)", re.MULTILINE)


class Product:
    """One ``manage.py up`` at a time, on the same data each time."""

    def __init__(self, var):
        self.var = var
        self.port = free_port()
        self.output = var / "output.txt"
        kept = {name: value for name, value in os.environ.items() if name not in STORES}
        self.metrics_port = first_of_free_ports(len(CHILDREN))
        self.env = kept | {
            "VAR_DIR": str(var),
            "PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
        }

    def manage(self, *words):
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=settings.BASE_DIR,
            env=self.env,
            capture_output=True,
            text=True,
        )

    def start(self, *, seconds):
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env=self.env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait_for(LAST_LINE, seconds=seconds)

    def wait_for(self, text, *, seconds):
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def said(self):
        return self.output.read_text()

    def pid(self, name):
        return int((self.var / "run" / f"{name}.pid").read_text().split("\n")[0])

    def postgres_pid(self):
        return int((self.var / "postgres" / "postmaster.pid").read_text().split("\n")[0])

    def pids(self):
        redis = int((self.var / "redis" / "pid").read_text())
        return [*map(self.pid, CHILDREN), redis, self.postgres_pid()]

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=SECONDS_TO_END)

    def demo(self):
        return json.loads(self.manage("demo", "--json").stdout)


def first_of_free_ports(count):
    """Below those that the system hands out, so that no connection takes one of them meanwhile."""
    while True:
        first = random.randrange(20_000, 30_000)
        if all(is_free(port) for port in range(first, first + count)):
            return first


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def figures_of(port):
    """The process may still be on its way when the screen says that the product is ready."""
    until(lambda: not is_free(port))
    return httpx.get(f"http://127.0.0.1:{port}/metrics").text


@pytest.fixture(scope="module")
def product():
    # Not below pytest's own folder: another run of pytest would shut it against PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix="livechat-up-"))
    folder.chmod(0o711)
    product = Product(folder)
    product.start(seconds=120)
    yield product
    if product.process.poll() is None:
        product.end()
    shutil.rmtree(folder, ignore_errors=True)


def test_the_screen_names_the_addresses_and_the_login(product):
    demo = product.demo()

    screen = product.said().partition("LiveChat is ready.")[2]

    assert demo["baseUrl"] == f"http://localhost:{product.port}"
    for text in [
        f"{demo['baseUrl']}/admin/",
        f"{demo['baseUrl']}/api/docs",
        demo["email"],
        demo["password"],
        f'<script src="{demo["baseUrl"]}/assets/chat-widget.js"></script>',
        f'token: "{demo["bubbleToken"]}", code: "{demo["bubbleCode"]}"',
    ]:
        assert text in screen


def test_each_process_tells_its_figures_on_a_port_of_its_own(product):
    ports = [product.metrics_port + number for number, _ in enumerate(CHILDREN)]
    told = [figures_of(port) for port in ports]

    # Two may have begun in the same hundredth of a second, but hardly with the same memory.
    assert len({tuple(PROCESS.findall(figures)) for figures in told}) == len(CHILDREN)


def test_the_addresses_on_the_screen_exist(product):
    for path in ["/", "/admin/", "/api/docs", "/assets/chat-widget.js"]:
        answer = httpx.get(f"http://localhost:{product.port}{path}", follow_redirects=True)

        assert answer.status_code == 200, path


def test_the_curl_line_on_the_screen_gets_an_answer(product):
    line = re.search(r"  curl .*?'\n", product.said(), re.DOTALL)[0]

    answer = subprocess.run([*shlex.split(line), "--silent"], capture_output=True, text=True)

    assert json.loads(answer.stdout)["success"] is True
    body = json.loads(answer.stdout)
    assert "make run" in body["message"]
    assert body["metadata"]["sources"][0]["title"].startswith("README.md")


def test_other_commands_find_the_running_stores(product):
    doctor = product.manage("doctor")

    assert doctor.returncode == 0, doctor.stdout
    assert (product.var / "services.json").stat().st_mode & 0o777 == 0o600


def test_secrets_are_on_nobodys_command_line(product):
    password = (product.var / "redis" / "password").read_text()
    commands = [command_of(pid) for pid in product.pids()]

    assert all(commands)
    assert not any(password in command for command in commands)


def test_a_second_start_on_the_same_data_is_refused(product):
    second = product.manage("up")

    assert second.returncode == 1
    assert second.stderr == f"CommandError: LiveChat runs already with its data in {product.var}.\n"
    assert product.process.poll() is None


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_is_killed_is_started_again_and_it_says_so(product, name):
    before = product.pid(name)

    os.kill(before, signal.SIGKILL)
    product.wait_for(f"{name} was ended by SIGKILL; starting it again now.", seconds=5)

    deadline = time.monotonic() + 5
    while product.pid(name) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert command_of(product.pid(name))


def test_a_killed_database_comes_back_and_chats_go_on(product):
    demo = product.demo()

    os.kill(product.postgres_pid(), signal.SIGKILL)
    product.wait_for("postgres was ended by SIGKILL; starting it again now.", seconds=5)

    deadline = time.monotonic() + 20
    while product.manage("doctor").returncode:
        assert time.monotonic() < deadline, product.said()
    assert product.demo() == demo


def test_sigterm_ends_everything_and_the_next_start_has_all_data(product):
    demo, pids = product.demo(), product.pids()

    assert product.end() == 0
    assert [pid for pid in pids if command_of(pid)] == []
    assert not (product.var / "services.json").exists()
    product.start(seconds=SECONDS_TO_START_AGAIN)

    assert product.demo() == demo


def test_ctrl_c_ends_everything(product):
    pids = product.pids()

    assert product.end(signal.SIGINT) == 0

    assert [pid for pid in pids if command_of(pid)] == []
    product.start(seconds=SECONDS_TO_START_AGAIN)


def test_a_killed_supervisor_leaves_nothing_that_the_next_start_must_fear(product):
    demo, pids = product.demo(), product.pids()

    product.end(signal.SIGKILL)
    product.start(seconds=SECONDS_TO_START_AGAIN)

    assert [pid for pid in pids if command_of(pid)] == []
    assert product.demo() == demo


def test_a_taken_port_is_said_in_one_line_before_anything_starts(tmp_path):
    product = Product(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", product.port))
        taken.listen()

        refused = product.manage("up")

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        f"CommandError: Cannot use port {product.port} of 127.0.0.1: Address already in use."
        " Set PORT to another one.\n"
    )
    assert not Path(tmp_path / "postgres").exists()


def test_a_database_that_cannot_be_reached_is_said_in_one_line(tmp_path):
    product = Product(tmp_path)
    product.env |= {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}

    refused = product.manage("up")

    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: The database cannot be reached: ")
    assert "Traceback" not in refused.stderr


def test_an_unreadable_setting_is_said_in_one_line(tmp_path):
    product = Product(tmp_path)
    product.env["PORT"] = "eight"

    refused = product.manage("up")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Setting PORT must be a whole number")
    assert refused.stderr.count("\n") == 1
