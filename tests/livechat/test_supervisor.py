"""The supervisor on real processes: what dies comes back, and nothing outlives the end."""

import subprocess
import sys
import time

import pytest

from livechat.embedded.processes import command_of
from livechat.supervisor import Child, Supervisor, end_orphans

TALKER = "print('hello'); print('from the child', flush=True); import time; time.sleep(60)"
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "61"]).pid, flush=True)
time.sleep(60)
"""


class Store:
    """Stands in the place of an embedded store, and notes when it is asked to stop."""

    def __init__(self, seen):
        self.name = "store"
        self.seen = seen
        self.child = None

    def relaunch(self):
        self.seen.append("store started")

    def is_running(self):
        return True

    def ask_to_stop(self):
        self.seen.append("store asked")

    def stop(self, *, by):
        self.seen.append("store stopped")


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervise(tmp_path, said):
    """Make a supervisor of one Python script, which is ended with the test."""
    made = []

    def supervise(script, stores=()):
        command = [sys.executable, "-c", script]
        child = Child("web", command=command, env={}, cwd=tmp_path, folder=tmp_path)
        supervisor = Supervisor(stores=stores, children=[child], say=said.append)
        made.append(supervisor)
        supervisor.start()
        return supervisor, child

    yield supervise
    for supervisor in made:
        supervisor.stop()


def tick_until(supervisor, reached):
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        supervisor.tick()


def test_output_of_children_is_shown_with_their_name(supervise, said):
    supervisor, _ = supervise(TALKER)

    tick_until(supervisor, lambda: len(said) == 2)

    assert said == ["web       | hello", "web       | from the child"]


def test_a_child_that_dies_is_started_again_and_it_says_so(supervise, said):
    supervisor, child = supervise(TALKER)
    tick_until(supervisor, lambda: len(said) == 2)
    first = child.child.pid

    child.child.kill()
    tick_until(supervisor, lambda: len(said) == 5)

    assert said[2] == "web was ended by SIGKILL; starting it again now."
    assert child.is_running()
    assert child.child.pid != first
    assert child.pid_file.read_text().startswith(f"{child.child.pid}\n")


def test_a_child_that_dies_again_and_again_is_started_ever_more_slowly(supervise, said):
    supervisor, _ = supervise("raise SystemExit('broken')")

    tick_until(supervisor, lambda: len([line for line in said if "again" in line]) == 3)

    assert said == [
        "web       | broken",
        "web ended with code 1; starting it again now.",
        "web       | broken",
        "web ended with code 1; starting it again in 1 s.",
        "web       | broken",
        "web ended with code 1; starting it again in 3 s.",
    ]


def test_the_end_comes_for_stubborn_children_and_theirs(supervise, said):
    supervisor, child = supervise(STUBBORN)
    tick_until(supervisor, lambda: said)
    grandchild = int(said[0].rpartition(" ")[2])
    began = time.monotonic()

    supervisor.stop()

    assert time.monotonic() - began < 10
    assert command_of(child.child.pid) == ""
    assert command_of(grandchild) == ""
    assert not child.pid_file.exists()


def test_stores_stop_after_the_children(supervise):
    seen = []
    supervisor, child = supervise("import time; time.sleep(60)", stores=[Store(seen)])
    child.stop = lambda by: seen.append("child stopped")

    supervisor.stop()

    assert seen == ["child stopped", "store asked", "store stopped"]
    del child.stop


def test_orphans_of_an_earlier_start_are_ended(supervise, tmp_path):
    _, child = supervise("import time; time.sleep(60)")

    end_orphans(tmp_path)

    assert child.child.wait(timeout=5) == -15
    assert not list(tmp_path.glob("*.pid"))


def test_a_pid_that_is_anothers_by_now_is_left_alone(tmp_path):
    bystander = subprocess.Popen(["sleep", "60"])
    (tmp_path / "web.pid").write_text(f"{bystander.pid}\n-m livechat.server")
    (tmp_path / "worker.pid").write_text("no number\n")

    end_orphans(tmp_path)

    assert bystander.poll() is None
    assert not list(tmp_path.glob("*.pid"))
    bystander.kill()
    bystander.wait()
