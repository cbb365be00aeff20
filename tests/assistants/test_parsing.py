"""Files become passages, or a reason that an owner can act on."""

import json
import time
from contextlib import suppress

import pytest

from assistants.knowledge.parsing import MAX_BYTES, parse, read
from assistants.knowledge.passages import MAX_CHARACTERS, MAX_WORDS
from assistants.knowledge.web.pages import head_of
from tenants.errors import LiveChatError

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
MARKDOWN = """# Guide

Intro *text* with `code` and [a link](https://example.com).

## Install

- one
- two

```sh
make run
```

| Setting | Default |
|---|---|
| `PORT` | 8000 |

## Install

Again.
"""
HTML = """<!doctype html><html><head><title>T</title><script>var x = "<p>no</p>"</script></head>
<body><nav>Menu</nav><h1 id="top">Shop</h1>
<p>We are <b>open</b>
 today.<br>Come in.</p><!-- not this -->
<table><tr><th>Day</th><th>Hours</th></tr><tr><td>Monday</td><td>9–18</td></tr></table>
<h3 id="pay">Paying</h3><ul><li>cash<li>card</ul><pre>a
  b</pre><p hidden>secret</p><footer>Imprint</footer></body></html>"""


PASTED = [
    "# Returns\r\n\r\nSend it *back*.\r\n\r\n## Refunds\r\n\r\nIn 3 days.",
    "Returns\n=======\n\nSend it back.\n\nRefunds\n-------\nIn 3 days.",
]


def test_a_pasted_text_with_headings_is_cut_at_them():
    first, second = [titles_and_texts(parse("text", text.encode())) for text in PASTED]
    assert first == [
        ("Returns", "Send it back.", "returns"),
        ("Returns › Refunds", "In 3 days.", "refunds"),
    ]
    assert [row[:2] for row in second] == [row[:2] for row in first[:1]] + [
        ("Returns › Refunds", "In 3 days.")
    ]
    plain = "No. #1 is *here*.\n#hash\n\na - b\n---x\n\nLine one\nline two\n---\n"
    assert titles_and_texts(parse("text", plain.encode())) == [
        ("", "No. #1 is *here*.\n#hash\na - b\n---x\nLine one\nline two\n---", "")
    ]


def titles_and_texts(passages):
    return [(passage.title, passage.text, passage.anchor) for passage in passages]


def test_markdown_keeps_headings_lists_listings_and_tables():
    assert titles_and_texts(parse("markdown", MARKDOWN.encode())) == [
        ("Guide", "Intro text with code and a link.", "guide"),
        (
            "Guide › Install",
            "- one\n- two\nmake run\nSetting | Default\nPORT | 8000",
            "install",
        ),
        ("Guide › Install", "Again.", "install-1"),
    ]


def test_html_keeps_what_a_reader_sees():
    assert titles_and_texts(parse("html", HTML.encode())) == [
        ("Shop", "We are open today.\nCome in.\nDay | Hours\nMonday | 9–18", "top"),
        ("Shop › Paying", "- cash\n- card\na\n  b", "pay"),
    ]


def test_html_prefers_its_main_part():
    page = "<body><p>Menu</p><main><h1>Title</h1><p>Text</p></main><p>Imprint</p></body>"

    assert titles_and_texts(parse("html", page.encode())) == [("Title", "Text", "")]


@pytest.mark.parametrize("section", ["<![if !IE]>", "<![foo[ x]]>", "<![ x ]>"])
def test_a_section_that_means_nothing_hides_nothing(section):
    page = f"<head><title>Hours{section}</title></head><p>We open{section} at nine."

    assert parse("html", page.encode())[0].text == "We open at nine."
    assert head_of(page, "").title == "Hours"


def test_html_is_read_in_the_encoding_that_it_names():
    page = '<meta charset="iso-8859-1"><p>Größe</p>'.encode("latin-1")

    assert parse("html", page)[0].text == "Größe"


def test_text_is_cut_at_paragraphs():
    passages = parse("text", b"First paragraph.\r\n\r\nSecond paragraph.")

    assert [passage.text for passage in passages] == ["First paragraph.\nSecond paragraph."]


@pytest.mark.parametrize("bom", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(bom):
    assert parse("text", "Grüße".encode(bom))[0].text == "Grüße"


def test_long_text_is_cut_between_sentences():
    sentence = "This sentence has exactly seven words here. "

    passages = parse("text", (sentence * 100).encode())

    assert all(len(passage.text.split()) <= MAX_WORDS for passage in passages)
    assert all(passage.text.endswith("here.") for passage in passages)
    assert sum(passage.text.count("seven") for passage in passages) == 100


@pytest.mark.parametrize("text", ["x" * 50_000, "a-b " * 20_000, "word. " * 5_000])
def test_no_passage_outgrows_its_bounds_and_nothing_is_lost(text):
    passages = parse("text", text.encode())

    assert all(len(passage.text) <= MAX_CHARACTERS for passage in passages)
    assert all(len(passage.text.split()) <= MAX_WORDS for passage in passages)
    kept = "".join(passage.text for passage in passages)
    assert "".join(kept.split()) == "".join(text.split())


def test_an_faq_keeps_its_variants():
    items = [{"question": " Why? ", "variants": ["How come?"], "answer": "Because."}]

    (passage,) = parse("faq", json.dumps(items).encode())

    assert (passage.title, passage.text, passage.variants) == ("Why?", "Because.", ("How come?",))


@pytest.mark.parametrize(
    ("kind", "content", "code", "status"),
    [
        ("text", b"", "file_empty", 400),
        ("markdown", b" \n\t ", "file_empty", 400),
        ("markdown", b"x" * (MAX_BYTES + 1), "file_too_large", 413),
        ("markdown", PNG, "file_not_text", 400),
        ("text", b"plain \x00 zero", "file_not_text", 400),
        ("markdown", b"%PDF-1.4\n% only ASCII so far\n", "file_not_text", 400),
        ("text", b"{\\rtf1\\ansi Hello}", "file_not_text", 400),
        ("text", "Größe".encode("latin-1"), "file_not_text", 400),
        ("html", b"<meta charset=klingon><p>x</p>", "file_not_text", 400),
        ("html", b"<meta charset=undefined><p>x</p>", "file_not_text", 400),
        ("html", b"no tag in here", "file_not_html", 400),
        ("markdown", b"<!DOCTYPE html><html><p>x</p></html>", "file_is_html", 400),
        ("markdown", b"# Only\n\n## headings\n", "file_without_text", 400),
        ("html", b"<script>alert(1)</script>", "file_without_text", 400),
        ("text", b"word " * 250_000, "file_too_long", 400),
        ("markdown", b"# A\n\nb\n\n" * 6_000, "file_too_long", 400),
        ("faq", b"[]", "file_without_text", 400),
        ("faq", b"{not json", "malformed_json", 400),
        ("faq", b'{"question": "a"}', "faq_invalid", 400),
        ("faq", b'["a"]', "faq_invalid", 400),
        ("faq", b'[{"question": "a"}]', "faq_invalid", 400),
        ("faq", b'[{"question": " ", "answer": "b"}]', "faq_invalid", 400),
        ("faq", b'[{"question": "a", "answer": "b", "variants": "c"}]', "faq_invalid", 400),
        ("faq", b'[{"question": "a", "answer": "b", "variants": [1]}]', "faq_invalid", 400),
    ],
)
def test_a_bad_file_is_refused_with_one_sentence(kind, content, code, status):
    with pytest.raises(LiveChatError) as caught:
        parse(kind, content)

    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("html", b"<!--x"),
        ("html", b"<a b='"),
        ("html", b"</a"),
        ("html", b"<div>"),
        ("html", b"&amp"),
        ("markdown", b"> "),
        ("markdown", b"*a "),
        ("markdown", b"[a]("),
        ("markdown", b"|a|b|\n|-|-|\n"),
    ],
)
def test_hostile_markup_costs_no_more_than_its_length(kind, unit):
    """Each of these takes a naive reader minutes or its whole stack."""
    content = b"<p>Begin</p>" + unit * (100_000 // len(unit))

    started = time.process_time()
    with suppress(LiveChatError):
        parse(kind, content)

    assert time.process_time() - started < 5


def test_reading_alone_is_quick_enough_for_a_request():
    content = b"A line of text.\n" * 600_000

    started = time.process_time()
    read("markdown", content)

    assert time.process_time() - started < 1
