"""Knowledge as it was uploaded → passages, or a reason that its owner can act on."""

import codecs
import re
from collections.abc import Callable, Iterable

import puremagic

from assistants.knowledge import faq
from assistants.knowledge.html_blocks import declared_encoding, html_blocks
from assistants.knowledge.markdown_blocks import markdown_blocks
from assistants.knowledge.passages import Block, Passage, pack
from assistants.knowledge.pdf_blocks import is_pdf, pdf_blocks
from tenants import strict_json
from tenants.errors import BadRequest, LiveChatError, TooLarge

MAX_BYTES = 10 * 1024 * 1024
MAX_CHARACTERS = 1_000_000
MAX_PASSAGES = 5_000
HTML_PAGE = re.compile(r"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
ANY_TAG = re.compile(r"<[a-z][a-z0-9]*[\s>/]", re.IGNORECASE)
# With signs before it, or alone and underlined.
HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+\S|(?:\A|\n[ \t]*\n) {0,3}\S[^\n]*\n {0,3}(?:={3,}|-{3,})[ \t]*$",
    re.MULTILINE,
)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
SURE = 0.4
PLAIN = ("text/", "message/", "application/xml", "application/json")


def parse(kind: str, content: bytes) -> list[Passage]:
    """Cut a source into passages; raises what ``unusable`` describes."""
    text = read(kind, content)
    too_long = unusable("file_too_long", "This file is too long; split it into several sources.")
    if len(text) > MAX_CHARACTERS and kind != "html":
        raise too_long
    passages = pack(pdf_blocks(content)) if kind == "pdf" else READERS[kind](text)
    if not passages:
        raise unusable("file_without_text", "There is no readable text in this file.")
    if len(passages) > MAX_PASSAGES:
        raise too_long
    return passages


def read(kind: str, content: bytes) -> str:
    """Decode a source and make sure that it is what it says; cheap enough for a request.

    A PDF is looked at from outside only: nothing is decoded, and the text is empty.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge("A knowledge file may have at most 10 MiB.", code="file_too_large")
    if not content.strip():
        raise unusable("file_empty", "This file is empty.")
    if kind == "pdf":
        _check_pdf(content)
        return ""
    text = _decode(kind, content)
    if CONTROL.search(text) or _is_known_binary(content):
        raise unusable("file_not_text", "This file does not hold text; save it as plain text.")
    _check_markup(kind, text)
    return text


def unusable(code: str, sentence: str) -> LiveChatError:
    return BadRequest(sentence, code=code)


def _check_pdf(content: bytes) -> None:
    if not is_pdf(content):
        raise unusable("file_not_pdf", "This file is not a PDF; choose the kind that it is.")


def _decode(kind: str, content: bytes) -> str:
    encoding = "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif kind == "html" and not content.startswith(codecs.BOM_UTF8):
        encoding = declared_encoding(content) or encoding
    try:
        return content.decode(encoding)
    except (UnicodeError, LookupError):
        raise unusable(
            "file_not_text", "This file is not readable as text; save it as UTF-8."
        ) from None


def _is_known_binary(content: bytes) -> bool:
    """PDF, RTF and PostScript may consist of nothing but ASCII and still be no text to read."""
    try:
        (best, *_) = puremagic.magic_string(content[:4096])
    except (puremagic.PureError, ValueError):
        return False
    return best.confidence >= SURE and not best.mime_type.startswith(PLAIN)


def _check_markup(kind: str, text: str) -> None:
    if kind == "html" and not ANY_TAG.search(text):
        raise unusable("file_not_html", "This file is not HTML; add it as text or Markdown.")
    if kind in ("markdown", "text") and HTML_PAGE.match(text):
        raise unusable("file_is_html", "This file is an HTML page; add it as HTML.")


def _read_faq(text: str) -> list[Passage]:
    return faq.passages(strict_json.loads(text))


def _blocks(reader: Callable[[str], Iterable[Block]]) -> Callable[[str], list[Passage]]:
    return lambda text: pack(reader(text))


def _text_blocks(text: str) -> Iterable[Block]:
    """Paragraphs, or Markdown where somebody wrote its headings."""
    text = text.replace("\r\n", "\n")
    if HEADING.search(text):
        yield from markdown_blocks(text)
        return
    for paragraph in re.split(r"\n\s*\n", text):
        yield Block((), paragraph.strip())


READERS: dict[str, Callable[[str], list[Passage]]] = {
    "faq": _read_faq,
    "text": _blocks(_text_blocks),
    "markdown": _blocks(markdown_blocks),
    "html": _blocks(html_blocks),
}
