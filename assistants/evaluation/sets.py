"""The questions: our own about this product's documentation, and Banking77's about a bank."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from assistants.evaluation.scoring import Case, Tally, score, scratch_assistant
from assistants.knowledge.bands import Hit
from assistants.knowledge.ingestion import add_source, ingest

OWN = Path(__file__).with_name("questions.json")
NEUTRAL_ANSWER = "Please read on in our help centre."


def own_questions(documents: list[Path]) -> Tally:
    """Ask about the product's documents, as they are now."""
    questions = _own()
    cases = [Case(item["ask"], _mentions(item["expect"])) for item in questions["answerable"]]
    with scratch_assistant() as assistant:
        for path in documents:
            ingest(
                add_source(assistant, kind="markdown", title=path.name, content=path.read_bytes())
            )
        return score(assistant, cases + foreign_cases())


def banking77(folder: Path, *, examples: int, limit: int | None = None) -> Tally:
    """Know an intent by its first few training questions; ask all test questions."""
    known: dict[str, list[str]] = defaultdict(list)
    for text, intent in _rows(folder / "train.csv"):
        if len(known[intent]) < examples:
            known[intent].append(text)
    items: list[dict[str, Any]] = [
        {"question": first, "variants": others, "answer": NEUTRAL_ANSWER}
        for first, *others in known.values()
    ]
    cases = [
        Case(text, _is_titled(known[intent][0])) for text, intent in _rows(folder / "test.csv")
    ]
    with scratch_assistant() as assistant:
        ingest(add_source(assistant, kind="faq", title="Banking", content=items))
        return score(assistant, _spread(cases, limit) + foreign_cases())


def foreign_cases() -> list[Case]:
    return [Case(question) for question in _own()["foreign"]]


def _own() -> dict[str, Any]:
    return dict(json.loads(OWN.read_text()))


def _mentions(expected: list[str]) -> Any:
    """Right is a passage that holds one of the expected words, wherever it came to stand."""

    def is_right(hit: Hit) -> bool:
        passage = f"{hit.source_title}\n{hit.title}\n{hit.text}".casefold()
        return any(words.casefold() in passage for words in expected)

    return is_right


def _is_titled(title: str) -> Any:
    return lambda hit: hit.title == title


def _rows(path: Path) -> list[tuple[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [(line["text"], line["category"]) for line in csv.DictReader(file)]


def _spread(cases: list[Case], limit: int | None) -> list[Case]:
    """Every n-th case, so that a short run still asks about everything."""
    return cases[:: max(1, len(cases) // limit)] if limit else cases
