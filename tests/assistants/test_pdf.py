"""A PDF becomes passages that name their page, or a reason that its owner can act on."""

import threading
import time

import pytest

from assistants import ingestion_process
from assistants.engines.knowledge import find, say
from assistants.knowledge import pdf_blocks as reading
from assistants.knowledge.ingestion import remove_source
from assistants.knowledge.parsing import parse, read
from assistants.models import KnowledgeEntry
from assistants.question import Question
from tenants.errors import LiveChatError
from tenants.scope import tenant_scope
from tests.assistants.knowing import teach, version_of
from tests.assistants.pdfs import encrypted, make_pdf, make_pdf_of, packed

HANDBOOK = make_pdf(
    "Acme handbook\nDelivery\nParcels leave us on weekdays, and they arrive within three working\n"
    "days. Express parcels arrive on the next day, if the order is placed be-\nfore noon.\nPage 1",
    "Acme handbook\nReturns\nYou may send an item back within thirty days (at our cost).\n"
    "• The form is in your account.\n• Keep the receipt: it costs 3,50 €.\nPage 2",
    "Acme handbook\nQuestions\nWrite to us.\nPage 3",
)
WITHOUT_TEXT = make_pdf_of((b"", b"0 0 595 842 re f"))
SLOW = make_pdf_of(*[packed(b"BT /F1 9 Tf 1 1 Td (a) Tj ET\n" * 100_000)] * 3)
BOMB = make_pdf_of(packed(b" " * 200_000_000))


def test_a_pdf_keeps_its_paragraphs_with_their_pages():
    passages = [(passage.text, passage.anchor) for passage in parse("pdf", HANDBOOK)]

    assert passages == [
        (
            "Delivery\nParcels leave us on weekdays, and they arrive within three working days. "
            "Express parcels arrive on the next day, if the order is placed before noon.",
            "page=1",
        ),
        (
            "Returns\nYou may send an item back within thirty days (at our cost).\n"
            "• The form is in your account.\n• Keep the receipt: it costs 3,50 €.",
            "page=2",
        ),
        ("Questions\nWrite to us.", "page=3"),
    ]


def test_tables_of_contents_and_page_numbers_are_left_out():
    pdf = make_pdf("1\nDelivery . . . . . . . . . 2\nReturns ........... 3\nSee overleaf.\n17")

    assert [passage.text for passage in parse("pdf", pdf)] == ["See overleaf."]


def test_entries_of_a_pdf_link_to_their_page_and_name_it(acme, globex):
    teach(globex, kind="text", content="Globex only.")
    url = "https://acme.example/handbook.pdf"

    _, source = teach(acme, kind="pdf", content=HANDBOOK, url=url)

    assert (source.status, source.error) == ("ready", "")
    with tenant_scope(acme.id):
        entries = KnowledgeEntry.objects.order_by("position").values_list("title", "url")
        assert list(entries)[1:] == [
            (
                "Returns You may send an item back within thirty days (at … (page 2)",
                f"{url}#page=2",
            ),
            ("Questions Write to us. (page 3)", f"{url}#page=3"),
        ]


def test_a_pdf_without_an_address_still_says_where_the_answer_stands(acme):
    assistant, _ = teach(acme, kind="pdf", title="Handbook", content=HANDBOOK)

    question = Question(version_of(assistant), "Questions Write to us. (page 3)")
    reply = say(question, *find(question.version, question.text))

    assert reply.text.startswith("From Handbook › Questions Write to us. (page 3):")
    assert [citation["url"] for citation in reply.citations] == [""]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"Not a PDF at all", "file_not_pdf"),
        (b"<!doctype html><p>Hello", "file_not_pdf"),
        (b"%PDF-1.7\n", "pdf_broken"),
        (b"%PDF-1.7\n" + b"\x00\xff garbage" * 1_000, "pdf_broken"),
        (HANDBOOK[:400], "pdf_broken"),
        (WITHOUT_TEXT, "pdf_without_text"),
        (make_pdf(), "pdf_without_text"),
        (encrypted(HANDBOOK), "pdf_encrypted"),
        (make_pdf("One page.", kids=2_001), "pdf_too_many_pages"),
        (make_pdf("One page.", kids=200_000), "pdf_too_complex"),
        (make_pdf("word " * 600, kids=400), "file_too_long"),
        (BOMB, "pdf_too_complex"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_what_to_do(content, code):
    with pytest.raises(LiveChatError) as caught:
        parse("pdf", content)

    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_a_pdf_that_anybody_may_open_needs_no_password():
    assert len(parse("pdf", encrypted(HANDBOOK, password=""))) == 3


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 1)

    with pytest.raises(LiveChatError) as caught:
        parse("pdf", SLOW)

    assert caught.value.code == "pdf_too_complex"


def test_a_process_that_ends_waits_for_no_pdf(acme, monkeypatch):
    stopping = threading.Event()
    monkeypatch.setattr(ingestion_process, "_stopping", stopping)
    monkeypatch.setattr(reading, "LOOK_SECONDS", 0.05)
    threading.Timer(0.3, stopping.set).start()
    started = time.monotonic()

    _, source = teach(acme, kind="pdf", content=SLOW)

    assert source.status == "pending"
    assert time.monotonic() - started < reading.SECONDS / 4
    # Or it would be read, slowly, by the next test that looks for what waits.
    with tenant_scope(acme.id):
        remove_source(source)


def test_a_page_that_is_broken_does_not_spoil_the_others():
    drawing = b"BT /F1 12 Tf 50 800 Td (Readable.) Tj ET"
    pdf = make_pdf_of((b"/Filter /Nonsense", b"BT (x) Tj ET"), (b"", drawing))

    assert [(p.text, p.anchor) for p in parse("pdf", pdf)] == [("Readable.", "page=2")]


def test_looking_at_a_pdf_in_a_request_reads_nothing_of_it(monkeypatch):
    monkeypatch.setattr(reading, "PROGRAM", "/nowhere")

    assert read("pdf", BOMB) == ""


def test_characters_without_a_meaning_are_left_out():
    drawing = b"BT /F1 12 Tf 50 800 Td (Read\\000able \\001now.) Tj ET"

    assert [p.text for p in parse("pdf", make_pdf_of((b"", drawing)))] == ["Readable now."]
