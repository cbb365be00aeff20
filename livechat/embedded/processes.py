"""Child processes that end with their parent, and the account that PostgreSQL may run under."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

SET_PARENT_DEATH_SIGNAL = 1
PROCESSES = Path("/proc/self")
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ServiceError(Exception):
    """A service cannot run; the message is one sentence for the person who started it."""


@dataclass(frozen=True)
class Account:
    """A user of the machine without privileges, which root starts PostgreSQL as."""

    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """Return the account to run as, or nothing when we are not root and need no other.

    It is whoever owns ``folder``, so that data stays with the person it belongs to, else nobody.
    """
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def account_options(account: Account | None) -> dict[str, Any]:
    """Return the arguments with which ``subprocess`` runs a command as ``account``."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def can_run(command: Sequence[str | Path], *, account: Account | None) -> bool:
    """Say whether ``account`` can reach and run ``command``, by doing it."""
    try:
        done = subprocess.run(command, capture_output=True, cwd="/", **account_options(account))
    except OSError:
        return False
    return done.returncode == 0


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
    parting: signal.Signals = signal.SIGTERM,
    cwd: Path | str = "/",
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own, which gets ``parting`` when we die.

    The group keeps a terminal's Ctrl-C away from the child: its parent decides the order in which
    things end. Call it from the main thread: Linux takes the end of the calling thread for ours.
    """
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        start_new_session=True,
        preexec_fn=_follow_parent(os.getpid(), parting),
        **account_options(account),
    )


def _follow_parent(parent: int, parting: signal.Signals) -> Callable[[], None] | None:
    if LIBC is None:
        return None

    prctl = LIBC.prctl

    def follow() -> None:
        prctl(SET_PARENT_DEATH_SIGNAL, int(parting))
        # The parent may have died before the call above.
        if os.getppid() != parent:
            os._exit(1)

    return follow


def end(child: subprocess.Popen[bytes], *, by: float, politely: signal.Signals) -> None:
    """Ask ``child`` to end and kill its whole group if it has not by ``by`` (monotonic seconds)."""
    if child.poll() is None:
        child.send_signal(politely)
    wait_or_kill(child, by=by)


def wait_or_kill(child: subprocess.Popen[bytes], *, by: float) -> None:
    """Wait for ``child`` until ``by`` (monotonic seconds), then kill what is left of its group."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=max(0.0, by - time.monotonic()))
    kill_group(child.pid)
    child.wait()


def kill_group(pid: int) -> None:
    """Kill the process group that ``spawn`` made for ``pid``, if anything of it is left."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def command_of(pid: int) -> str:
    """Return the command line of a running process, or an empty string."""
    if PROCESSES.exists():
        return _linux_command_of(pid)
    shown = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
    )
    return shown.stdout.strip()


def _linux_command_of(pid: int) -> str:
    # Small Linux images have no ps.
    try:
        return (PROCESSES.parent / str(pid) / "cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""


def end_orphan(pid: int, *, marks: Iterable[str], politely: signal.Signals, seconds: float) -> None:
    """End a process of an earlier start, if ``pid`` still is that process.

    A pid file outlives its process, and the number may be another's by now: every one of ``marks``
    must be in the command line.
    """
    deadline = time.monotonic() + seconds
    signalled = False
    while pid > 1 and (command := command_of(pid)) and all(mark in command for mark in marks):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        elif not signalled:
            os.kill(pid, politely)
            signalled = True
        time.sleep(0.05)


def write_private(path: Path, text: str) -> None:
    """Write a file for our eyes alone, whole or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(path)


def last_line(log: Path) -> str:
    """Return the last line that a service logged, to say why it did not start."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "nothing was logged"


def copy_tree(source: Path, destination: Path) -> None:
    """Copy a folder so that a copy which exists is complete."""
    unfinished = destination.with_name(destination.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, symlinks=True)
    unfinished.rename(destination)
