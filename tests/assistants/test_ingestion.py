"""A source is kept as it was given, read, and swapped in whole; what was read well stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from assistants import tasks
from assistants.knowledge import embedding, ingestion
from assistants.knowledge.ingestion import (
    add_source,
    ingest,
    phrasings,
    read_again,
    remove_source,
    replace_content,
)
from assistants.knowledge.passages import Passage
from assistants.models import Assistant, KnowledgeEntry, KnowledgeSource, KnowledgeVector
from assistants.versions import create_assistant
from realtime import bus
from tenants.errors import LiveChatError
from tenants.scope import tenant_scope
from tests.assistants.knowing import FAQ, GUIDE, needs_model, teach


@pytest.fixture
def nudges(monkeypatch):
    """What the worker is told; it does not run here."""
    told = []
    monkeypatch.setattr(bus, "nudge", lambda task, **arguments: told.append((task, arguments)))
    return told


def texts(tenant):
    with tenant_scope(tenant.id):
        return list(KnowledgeEntry.objects.order_by("position").values_list("text", flat=True))


def revision(assistant):
    with tenant_scope(assistant.tenant_id):
        return Assistant.objects.get(pk=assistant.pk).knowledge_revision


def source_now(source):
    with tenant_scope(source.tenant_id):
        return KnowledgeSource.objects.get(pk=source.pk)


def test_a_new_source_waits_and_the_worker_is_told_after_the_commit(acme, nudges):
    with tenant_scope(acme.id):
        source = add_source(create_assistant("Ada"), kind="text", title=" My  notes ", content="Hi")
        assert nudges == []

    assert (source.title, source.status, bytes(source.content)) == ("My notes", "pending", b"Hi")
    assert nudges == [
        (
            "assistants.tasks.ingest_source",
            {"tenant_id": str(acme.id), "source_id": str(source.id)},
        )
    ]
    assert texts(acme) == []


def test_an_ingested_source_has_its_entries_in_order(acme, globex):
    teach(globex, kind="text", content="Globex only.")
    assistant, source = teach(acme, kind="markdown", content=GUIDE, url="https://acme.example/help")

    assert (source.status, source.error_code) == ("ready", "")
    assert datetime.now(UTC) - source.checked_at < timedelta(seconds=30)
    with tenant_scope(acme.id):
        entries = KnowledgeEntry.objects.order_by("position").values_list("title", "url")
        assert list(entries) == [
            ("Guide", "https://acme.example/help#guide"),
            ("Guide › Opening hours", "https://acme.example/help#opening-hours"),
            ("Guide › Paying", "https://acme.example/help#paying"),
        ]
    assert revision(assistant) == 1


@needs_model
def test_every_entry_gets_vectors_of_the_model(acme):
    _, source = teach(acme)

    with tenant_scope(acme.id):
        vectors = KnowledgeVector.objects.filter(entry__source=source)
        assert {len(vector.halves) for vector in vectors} == {2 * embedding.DIMENSIONS}
        # Each question, each variant, and each question with its answer.
        assert vectors.count() == len(FAQ) * 2 + 1
    assert source.model == embedding.MODEL_ID


def test_a_passage_is_embedded_whole_and_by_two_sentences():
    passage = Passage("Hours", "We open at nine. We close at six. On Sunday we rest.")

    assert phrasings(passage) == [
        "Hours\nWe open at nine. We close at six. On Sunday we rest.",
        "Hours: We open at nine. We close at six.",
        "Hours: We close at six. On Sunday we rest.",
    ]


def test_a_passage_without_a_heading_is_called_by_its_beginning(acme):
    teach(acme, kind="text", content="One sentence that is rather long, " * 5)

    with tenant_scope(acme.id):
        (title,) = KnowledgeEntry.objects.values_list("title", flat=True)
    assert title == "One sentence that is rather long, One sentence that is …"


def test_new_content_replaces_the_old_as_a_whole(acme):
    assistant, source = teach(acme, kind="text", content="Old text.")

    with tenant_scope(acme.id):
        replace_content(source, "New text.")
    assert texts(acme) == ["Old text."]
    source = ingest(source)

    assert source.status == "ready"
    assert texts(acme) == ["New text."]
    assert revision(assistant) == 2


def test_the_same_content_is_not_read_again(acme, nudges):
    assistant, source = teach(acme, kind="text", content="Same.")
    nudges.clear()

    with tenant_scope(acme.id):
        replace_content(source, "Same.")

    assert (source_now(source).status, nudges, revision(assistant)) == ("ready", [], 1)


def test_reading_again_is_possible_on_request(acme, nudges):
    assistant, source = teach(acme, kind="text", content="Same.")

    with tenant_scope(acme.id):
        read_again(source)
    ingest(source)

    assert revision(assistant) == 2
    assert texts(acme) == ["Same."]


def test_a_failure_keeps_the_last_good_content_and_says_what_is_wrong(acme):
    assistant, source = teach(acme, kind="markdown", content="# Hours\n\nNine to six.")

    with tenant_scope(acme.id):
        replace_content(source, "# Only a heading\n")
    source = ingest(source)

    assert (source.status, source.error_code) == ("failed", "file_without_text")
    assert source.error == "There is no readable text in this file."
    assert texts(acme) == ["Nine to six."]
    assert revision(assistant) == 1


def test_what_nobody_foresaw_is_a_failure_too(acme, globex, monkeypatch, caplog):
    def surprised(kind, content):
        raise ValueError(content)

    _, source = teach(acme, kind="text", content="Nine to six.")
    teach(globex, kind="text", content="Ten to four.")
    with tenant_scope(acme.id):
        replace_content(source, "A secret sale.")
    monkeypatch.setattr(ingestion.parsing, "parse", surprised)

    source = ingest(source)

    assert (source.status, source.error_code) == ("failed", "reading_failed")
    assert "in another form" in source.error
    assert (texts(acme), texts(globex)) == (["Nine to six."], ["Ten to four."])
    assert "ValueError" in caplog.text
    assert "in surprised" in caplog.text
    assert "secret" not in caplog.text


def test_a_source_is_due_again_after_the_database_was_away(acme, monkeypatch):
    def away(kind, content):
        raise OperationalError("away")

    _, source = teach(acme, kind="text", content="Nine to six.")
    with tenant_scope(acme.id):
        replace_content(source, "Ten to four.")
    monkeypatch.setattr(ingestion.parsing, "parse", away)

    with pytest.raises(OperationalError):
        ingest(source)

    assert source_now(source).status == "reading"


def test_a_good_file_clears_the_failure(acme):
    _, source = teach(acme, kind="markdown", content="# Only a heading\n")
    assert source.status == "failed"

    with tenant_scope(acme.id):
        replace_content(source, "Text at last.")
    source = ingest(source)

    assert (source.status, source.error_code, source.error) == ("ready", "", "")


@pytest.mark.parametrize(
    ("kind", "title", "content", "url", "code"),
    [
        ("text", "T", b"", "", "file_empty"),
        ("markdown", "T", b"\x89PNG\r\n\x1a\n\0", "", "file_not_text"),
        ("text", "T", b"x" * (10 * 2**20 + 1), "", "file_too_large"),
        ("faq", "T", [{"question": "Why?"}], "", "faq_invalid"),
        ("pdf", "T", b"x", "", "file_not_pdf"),
        ("docx", "T", b"x", "", "unknown_kind"),
        ("text", " ", b"x", "", "invalid_title"),
        ("text", "T" * 201, b"x", "", "invalid_title"),
        ("text", "T", b"x", "javascript:alert(1)", "invalid_url"),
        ("text", "T", b"x", "https://a.example/" + "a" * 1000, "invalid_url"),
    ],
)
def test_a_bad_source_leaves_nothing_behind(acme, nudges, kind, title, content, url, code):
    with tenant_scope(acme.id):
        assistant = create_assistant("Ada")

    with pytest.raises(LiveChatError) as caught, tenant_scope(acme.id):
        add_source(assistant, kind=kind, title=title, content=content, url=url)

    with tenant_scope(acme.id):
        assert (caught.value.code, KnowledgeSource.objects.count()) == (code, 0)
    assert nudges == []


def test_a_bad_replacement_changes_nothing(acme, nudges):
    _, source = teach(acme, kind="text", content="Good.")
    nudges.clear()

    with pytest.raises(LiveChatError, match="empty"), tenant_scope(acme.id):
        replace_content(source, "")

    kept = source_now(source)
    assert (bytes(kept.content), kept.status, nudges) == (b"Good.", "ready", [])


def test_content_replaced_while_it_is_read_is_read_once_more(acme, monkeypatch):
    _, source = teach(acme, kind="text", content="First.")
    with tenant_scope(acme.id):
        replace_content(source, "Second.")
    parse = ingestion.parsing.parse

    def replaced_meanwhile(kind, content):
        with tenant_scope(acme.id):
            replace_content(source_now(source), "Third.")
        return parse(kind, content)

    monkeypatch.setattr(ingestion.parsing, "parse", replaced_meanwhile)
    waiting = ingest(source)
    monkeypatch.undo()

    assert (waiting.status, texts(acme)) == ("pending", ["First."])
    assert ingest(source).status == "ready"
    assert texts(acme) == ["Third."]


def test_only_one_reads_a_source_unless_it_died(acme):
    with tenant_scope(acme.id):
        source = add_source(create_assistant("Ada"), kind="text", title="T", content="Hi.")
        KnowledgeSource.objects.update(status="reading", checked_at=datetime.now(UTC))

    assert ingest(source).status == "reading"

    with tenant_scope(acme.id):
        KnowledgeSource.objects.update(checked_at=datetime.now(UTC) - timedelta(minutes=6))
    assert ingest(source).status == "ready"


def test_removing_a_source_removes_what_was_read_from_it(acme):
    assistant, source = teach(acme)
    teach(acme, assistant=assistant, kind="text", title="Other", content="Stays.")

    with tenant_scope(acme.id):
        remove_source(source)

    assert texts(acme) == ["Stays."]
    assert revision(assistant) == 3


def test_a_source_removed_while_it_is_read_leaves_nothing(acme, monkeypatch):
    with tenant_scope(acme.id):
        source = add_source(create_assistant("Ada"), kind="text", title="T", content="Hi.")
    parse = ingestion.parsing.parse

    def removed_meanwhile(kind, content):
        with tenant_scope(acme.id):
            remove_source(source_now(source))
        return parse(kind, content)

    monkeypatch.setattr(ingestion.parsing, "parse", removed_meanwhile)

    assert ingest(source).id == source.id
    assert texts(acme) == []


def test_the_sweep_reads_what_nobody_was_told_to_read(acme, globex, nudges):
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            add_source(create_assistant("Ada"), kind="text", title="T", content=tenant.name)

    tasks.ingest_waiting()

    assert (texts(acme), texts(globex)) == (["Acme"], ["Globex"])


def test_a_nudge_for_a_source_that_is_gone_does_nothing(acme):
    _, source = teach(acme)
    source_id = str(source.id)
    with tenant_scope(acme.id):
        remove_source(source)

    tasks.ingest_source(tenant_id=str(acme.id), source_id=source_id)

    assert texts(acme) == []


@needs_model
def test_what_was_read_without_the_model_is_read_again_when_it_is_there(acme, monkeypatch):
    monkeypatch.setattr(embedding, "available", lambda: False)
    _, source = teach(acme)
    assert (source.status, source.model) == ("ready", "")
    assert ingest(source).model == ""
    monkeypatch.undo()

    tasks.ingest_waiting()

    assert source_now(source).model == embedding.MODEL_ID
