"""Faults of the machine itself, where it can be made to have them: a full disk, a wrong clock."""

import asyncio
import os
import subprocess
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

DISK_BYTES = 3 * 1024**3


class Clock:
    """A clock that processes started with ``env`` believe, and that may be wrong for a while."""

    def __init__(self, library, file):
        self._file = file
        self._file.write_text("+0")
        self.env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            # Time-outs are measured on another clock, which no one sets.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @classmethod
    def of(cls, folder):
        """One for this machine, or None where the library for it is not installed."""
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        return cls(libraries[0], folder / "clock") if libraries else None

    @asynccontextmanager
    async def wrong_by(self, offset):
        self._file.write_text(offset)
        try:
            yield
        finally:
            self._file.write_text("+0")


class Disk:
    """A file system of its own that can be filled to the last byte."""

    def __init__(self, folder):
        self._folder, self._ballast = folder, folder / "ballast"

    @asynccontextmanager
    async def full(self):
        try:
            await asyncio.to_thread(self._fill)
            yield
        finally:
            self._ballast.unlink()

    def _fill(self):
        with self._ballast.open("wb") as ballast:
            for divisor in (1, 2, 16, 1024):
                left = os.statvfs(self._folder).f_bavail * os.statvfs(self._folder).f_bsize
                # Others may need some of it in the same moment.
                with suppress(OSError):
                    size = left // divisor
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), size)


@contextmanager
def small_disk(folder):
    """Make ``folder`` a disk of its own, in memory; None where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=711", "livechat", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
