"""Take out each mechanism in a copy of the tree, and run the tests that must notice.

``python -m tests.mechanisms [WORD…]`` does so for those whose name or file holds one of the words,
or for all. It prints a table, and ends with 1 when a mechanism went unmissed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from tests.mechanisms import ROOT, Mechanism
from tests.mechanisms.stores import Stores
from tests.mechanisms.table import ALL

LEFT_BEHIND = shutil.ignore_patterns(".*", "var", "node_modules", "__pycache__", "benchmarks")
PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
# Whoever waits for what never comes has noticed, too; but a test should say so sooner.
PATIENCE_SECONDS = 300
WORDS = {0: "GREEN", 1: "red"}
RED = 1


def main(words: list[str]) -> int:
    chosen = [
        each for each in ALL if not words or any(word in each.name + each.place for word in words)
    ]
    with tempfile.TemporaryDirectory(prefix="proofs-", ignore_cleanup_errors=True) as name:
        tree = Path(name) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND, symlinks=True)
        stores = Stores(Path(name))
        try:
            stores.migrate(tree)
            unmissed = [each.name for each in chosen if not is_missed(each, tree, stores)]
        finally:
            stores.stop()
    say(f"{len(chosen)} mechanisms, {len(unmissed)} of them unmissed: {', '.join(unmissed)}")
    return 1 if unmissed else 0


def is_missed(taken: Mechanism, tree: Path, stores: Stores) -> bool:
    """Whether each of its tests fails without the mechanism."""
    texts = taken.taken_out(tree)
    kept = {file: (tree / file).read_text() for file in texts}
    try:
        write(texts, tree)
        codes = [run(test, taken, tree, stores) for test in taken.tests]
    finally:
        write(kept, tree)
    return set(codes) == {RED}


def write(texts: dict[str, str], tree: Path) -> None:
    for file, text in texts.items():
        (tree / file).write_text(text)


def run(test: str, taken: Mechanism, tree: Path, stores: Stores) -> int:
    begun = time.monotonic()
    # What is taken out of the tables needs tables of its own.
    with nullcontext({}) if taken.is_in_tables else stores.fresh() as addresses:
        code = ended(test, tree, addresses)
    seconds = time.monotonic() - begun
    say(f"| {taken.name} | {taken.place} | {test} | {WORDS.get(code, code)} | {seconds:.0f} s |")
    return code


def ended(test: str, tree: Path, addresses: dict[str, str]) -> int:
    """With which code pytest ended; its last lines are told when that is not the expected one."""
    env = {**os.environ, **addresses, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*PYTEST, test],
            cwd=tree,
            env=env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return RED
    if done.returncode not in WORDS:
        say((done.stdout + done.stderr)[-3000:])
    return done.returncode


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
