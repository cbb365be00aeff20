"""manage.py evaluate counts what the product's own search and bands do, and leaves nothing."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from assistants.evaluation import scoring, sets
from assistants.evaluation.scoring import Case, score, scratch_assistant
from assistants.knowledge.ingestion import add_source, ingest
from assistants.management.commands import evaluate
from tenants.models import Tenant
from tests.assistants.knowing import FAQ, GUIDE, needs_model

INTENTS = {
    "card_arrival": ["Where is my card?", "Has my card been sent?", "When does my card come?"],
    "exchange_rate": ["What rate do I get?", "How do you convert dollars?", "Your rate today?"],
}


def cells(output):
    """The table's rows as dictionaries; columns are two spaces apart."""
    header, *lines = [line for line in output.splitlines() if "  " in line]
    names = [name for name in header.split("  ") if name]
    return [
        dict(
            zip([n.strip() for n in names], [c.strip() for c in line.split("  ") if c], strict=True)
        )
        for line in lines
    ]


@needs_model
def test_each_outcome_is_counted_once():
    cases = [
        Case("How do I reset my password?", lambda hit: "password" in hit.title),
        Case("When do you deliver?", lambda hit: "password" in hit.title),
        Case("something about my order", lambda hit: True),
        Case("Who painted the Mona Lisa?", lambda hit: True),
        Case("Who painted the Mona Lisa?"),
        Case("When do you deliver?"),
    ]

    with scratch_assistant() as assistant:
        ingest(add_source(assistant, kind="faq", title="Help", content=FAQ))
        tally = score(assistant, cases)

    assert (tally.asked, tally.first) == (4, 3)
    assert (tally.right, tally.wrong) == (1, 1)
    assert (tally.offered_right, tally.offered_wrong, tally.handed_over) == (1, 0, 1)
    assert (tally.foreign, tally.foreign_answered, tally.foreign_offered) == (2, 1, 0)
    assert len(tally.milliseconds) == 6


@needs_model
def test_the_command_prints_a_table_and_leaves_nothing(tmp_path, monkeypatch):
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)
    for name, picked in (("train", slice(0, 2)), ("test", slice(2, 3))):
        lines = [f'"{text}",{intent}' for intent in INTENTS for text in INTENTS[intent][picked]]
        (tmp_path / f"{name}.csv").write_text("text,category\n" + "\n".join(lines) + "\n")
    questions = {"answerable": [{"ask": "Can I pay cash?", "expect": ["Cash is"]}], "foreign": []}
    (tmp_path / "questions.json").write_text(json.dumps(questions))
    monkeypatch.setattr(sets, "OWN", tmp_path / "questions.json")
    monkeypatch.setattr(evaluate, "_documents", lambda: [guide])
    output = StringIO()

    call_command("evaluate", "--banking77", str(tmp_path), "--misses", stdout=output)

    rows = cells(output.getvalue())
    assert [row["set"] for row in rows] == [
        "own questions",
        "banking77, 3 examples",
        "banking77, 5 examples",
    ]
    assert [row["questions"] for row in rows] == ["1", "2", "2"]
    assert [row["recall@1"] for row in rows] == ["1.000"] * 3
    assert not Tenant.objects.filter(slug__startswith="evaluation-").exists()


def test_a_folder_without_the_files_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "_documents", list)

    with pytest.raises(CommandError, match=r"no test\.csv"):
        call_command("evaluate", "--banking77", str(tmp_path), stdout=StringIO())


def test_own_questions_are_complete():
    own = json.loads(sets.OWN.read_text())

    assert len(own["answerable"]) >= 50
    assert len(own["foreign"]) >= 20
    assert all(item["ask"] and item["expect"] for item in own["answerable"])


def test_a_row_of_no_questions_divides_by_nothing():
    assert scoring.row("empty", scoring.Tally())["recall@1"] == "0.000"
