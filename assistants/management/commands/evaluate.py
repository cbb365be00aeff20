"""``manage.py evaluate``: what share of questions is answered, rightly, wrongly or not at all."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from assistants.evaluation.scoring import Tally, row
from assistants.evaluation.sets import banking77, own_questions
from assistants.knowledge import embedding


class Command(BaseCommand):
    help = "Measures the embedded assistant on questions about this product, and on Banking77."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--banking77", type=Path, metavar="DIR", help="holds train.csv, test.csv"
        )
        parser.add_argument("--limit", type=int, help="ask about so many of the test questions")
        parser.add_argument("--misses", action="store_true", help="list what was not found first")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path | None = options["banking77"]
        if folder and not (folder / "test.csv").exists():
            raise CommandError(f"There is no test.csv in {folder}.")
        if not embedding.available():
            self.stderr.write("The embedding model is not installed: only words are compared.")
        tallies = {"own questions": own_questions(_documents())}
        if folder:
            for examples in (3, 5):
                name = f"banking77, {examples} examples"
                tallies[name] = banking77(folder, examples=examples, limit=options["limit"])
        self._print(tallies)
        if options["misses"]:
            self._print_misses(tallies)

    def _print(self, tallies: dict[str, Tally]) -> None:
        rows = [row(name, tally) for name, tally in tallies.items()]
        for line in _table(rows):
            self.stdout.write(line)

    def _print_misses(self, tallies: dict[str, Tally]) -> None:
        for name, tally in tallies.items():
            for miss in tally.misses:
                self.stdout.write(f"{name}: {miss}")


def _documents() -> list[Path]:
    base = Path(settings.BASE_DIR)
    return [path for path in (base / "README.md", *sorted(base.glob("docs/*.md"))) if path.exists()]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [list(rows[0]), *([str(value) for value in line.values()] for line in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
