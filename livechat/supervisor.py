"""Keeps the product's processes running, and ends them together."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from livechat.embedded.processes import ServiceError, end, end_orphan, spawn, write_private

TICK_SECONDS = 0.2
# A process that ran this long before it died is started again at once.
STEADY_SECONDS = 60
LONGEST_PAUSE_SECONDS = 30
CHILDREN_STOP_SECONDS = 5.5
STORES_STOP_SECONDS = 3.0


class Service(Protocol):
    """What the supervisor watches: a process of the product, or an embedded store."""

    name: str
    child: subprocess.Popen[bytes] | None

    def relaunch(self) -> None: ...
    def is_running(self) -> bool: ...
    def ask_to_stop(self) -> None: ...
    def stop(self, *, by: float) -> None: ...


def end_orphans(folder: Path) -> None:
    """End the children of an earlier start that was killed before it could end them."""
    for pid_file in folder.glob("*.pid"):
        pid, _, arguments = pid_file.read_text().partition("\n")
        if pid.isdigit() and arguments:
            end_orphan(int(pid), marks=[arguments], politely=signal.SIGTERM, seconds=5)
        pid_file.unlink()


class Child:
    """One process of the product; its pid is kept in ``folder`` for the next start to find."""

    def __init__(
        self, name: str, *, command: Sequence[str], env: Mapping[str, str], cwd: Path, folder: Path
    ) -> None:
        self.name = name
        self.command = command
        self.env = env
        self.cwd = cwd
        self.pid_file = folder / f"{name}.pid"
        self.child: subprocess.Popen[bytes] | None = None
        self.unfinished = b""

    def relaunch(self) -> None:
        self._close_output()
        self.child = spawn(self.command, output=subprocess.PIPE, env=self.env, cwd=self.cwd)
        write_private(self.pid_file, f"{self.child.pid}\n{' '.join(self.command[1:])}")
        os.set_blocking(self.output(), False)

    def output(self) -> int:
        assert self.child
        assert self.child.stdout
        return self.child.stdout.fileno()

    def read_lines(self) -> list[str]:
        """Return the whole lines that the process has written since the last call."""
        try:
            written = os.read(self.output(), 65536)
        except BlockingIOError:
            return []
        *lines, self.unfinished = (self.unfinished + written).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def ask_to_stop(self) -> None:
        if self.child and self.is_running():
            self.child.send_signal(signal.SIGTERM)

    def stop(self, *, by: float) -> None:
        if self.child:
            end(self.child, by=by, politely=signal.SIGTERM)
            self._close_output()
            self.pid_file.unlink(missing_ok=True)

    def _close_output(self) -> None:
        if self.child and self.child.stdout:
            self.child.stdout.close()


@dataclass
class Watch:
    """How one service has been doing; times are monotonic seconds."""

    service: Service
    started: float = field(default_factory=time.monotonic)
    failures: int = 0
    due: float | None = None


class Supervisor:
    """Starts again what dies, says so with ``say``, and ends all in order: stores come last."""

    def __init__(
        self, *, stores: Sequence[Service], children: Sequence[Child], say: Callable[[str], None]
    ) -> None:
        self.stores = stores
        self.children = children
        self.watches = [Watch(service) for service in [*stores, *children]]
        self.say = say

    def start(self) -> None:
        for child in self.children:
            child.relaunch()

    def tick(self) -> None:
        """Show what the children wrote, for a moment, and look after those that died."""
        self._show_output()
        for watch in self.watches:
            if watch.due is not None:
                self._start_again(watch)
            elif not watch.service.is_running():
                self._plan_start(watch)

    def stop(self) -> None:
        """End everything within ten seconds."""
        for services, seconds in (
            (self.children, CHILDREN_STOP_SECONDS),
            (self.stores, STORES_STOP_SECONDS),
        ):
            by = time.monotonic() + seconds
            for service in services:
                service.ask_to_stop()
            for service in services:
                service.stop(by=by)

    def _show_output(self) -> None:
        with selectors.DefaultSelector() as selector:
            for child in self.children:
                if child.is_running():
                    selector.register(child.output(), selectors.EVENT_READ, child)
            for key, _ in selector.select(TICK_SECONDS):
                self._show(key.data)

    def _show(self, child: Child) -> None:
        for line in child.read_lines():
            self.say(f"{child.name:<9} | {line}")

    def _plan_start(self, watch: Watch) -> None:
        if isinstance(watch.service, Child):
            self._show(watch.service)
        if time.monotonic() - watch.started > STEADY_SECONDS:
            watch.failures = 0
        pause = min(2**watch.failures - 1, LONGEST_PAUSE_SECONDS)
        watch.failures += 1
        watch.due = time.monotonic() + pause
        when = f"in {pause} s" if pause else "now"
        self.say(f"{watch.service.name} {_ending(watch.service)}; starting it again {when}.")

    def _start_again(self, watch: Watch) -> None:
        if watch.due is None or time.monotonic() < watch.due:
            return
        watch.due, watch.started = None, time.monotonic()
        try:
            watch.service.relaunch()
        except ServiceError as error:
            self.say(str(error))


def _ending(service: Service) -> str:
    code = service.child.returncode if service.child else None
    if code is None or code >= 0:
        return f"ended with code {code}"
    return f"was ended by {signal.Signals(-code).name}"
