"""What keeps the promises of docs/reliability.md, and for each the test that fails without it.

``python -m tests.mechanisms`` (``make proofs``) takes out one after the other and looks.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Change = tuple[str, str, str]


@dataclass(frozen=True)
class Mechanism:
    """``changes`` take it out: what stands once in a file, and what takes its place.

    There are several where one alone would be enough to keep the promise. Each of ``tests`` must
    then fail.
    """

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]

    @property
    def place(self) -> str:
        """The file in which it is, above all."""
        return self.changes[0][0]

    @property
    def is_in_tables(self) -> bool:
        """Whether it is a migration's, so that a database must be made without it."""
        return "migrations/" in self.place or self.place == "tenants/wall.py"

    def taken_out(self, tree: Path = ROOT) -> dict[str, str]:
        """The files' texts without the mechanism."""
        texts = {file: (tree / file).read_text() for file, _, _ in self.changes}
        for file, old, new in self.changes:
            assert texts[file].count(old) == 1, f"{file} holds {texts[file].count(old)} × {old!r}"
            texts[file] = texts[file].replace(old, new)
        return texts


def mechanism(
    name: str, file: str, old: str, new: str, *tests: str, also: tuple[Change, ...] = ()
) -> Mechanism:
    return Mechanism(name, ((file, old, new), *also), tuple(f"tests/{test}" for test in tests))
