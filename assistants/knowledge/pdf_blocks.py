"""PDF files → blocks of plain text, each with the page on which a reader finds it."""

import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from assistants.ingestion_process import go_on
from assistants.knowledge.passages import Block
from tenants.errors import BadRequest

SIGNATURE = b"%PDF-"
SECONDS = 120
LOOK_SECONDS = 0.5
PROGRAM = Path(__file__).with_name("pdf_text.py")
PROBLEMS = {
    "file_too_long": "This file is too long; split it into several sources.",
    "pdf_broken": "This PDF is damaged; open it, save or print it as a new PDF, and add that.",
    "pdf_encrypted": "This PDF asks for a password; save a copy without one and add that.",
    "pdf_too_complex": "This PDF takes too much time or memory to read; print it as a new PDF, or "
    "split it.",
    "pdf_too_many_pages": "This PDF has more than 2,000 pages; split it into several sources.",
    "pdf_without_text": "This PDF holds pictures of pages and no text; let a program recognise the "
    "text (OCR) and add what it makes.",
}
# What a printer repeats on most pages is no part of the text.
REPEATED_ON_PAGES = 3
# Lines of a table of contents resemble every question about what they announce.
LEADERS = re.compile(r"(?:\. ?){6}")
# Each may take as much memory as it is allowed.
_readers = threading.BoundedSemaphore(2)
LIST_ITEM = re.compile(r"(?:[•‣▪◦●○■*–—-]|\d{1,2}[.)])\s")
FULL_LINE = 0.7


def is_pdf(content: bytes) -> bool:
    """Whether a file says that it is a PDF, within its first kilobyte as readers allow."""
    return SIGNATURE in content[:1024]


def pdf_blocks(content: bytes) -> Iterator[Block]:
    """Yield the paragraphs of a PDF in order. Raises BadRequest with one of ``PROBLEMS``."""
    pages = [_lines(page) for page in _pages(content)]
    if not any(map(any, pages)):
        raise _unusable("pdf_without_text")
    repeated, full = _repeated(pages), FULL_LINE * _width(pages)
    for number, lines in enumerate(pages, start=1):
        for paragraph in _paragraphs(_without(lines, repeated), full=full):
            yield Block((), paragraph, f"page={number}")


def _pages(content: bytes) -> list[str]:
    with _readers:
        written = _run([sys.executable, "-I", str(PROGRAM), str(SECONDS)], content)
    try:
        answer = json.loads(written)
    except ValueError:
        # The system ended it.
        raise _unusable("pdf_too_complex") from None
    if code := answer.get("error"):
        raise _unusable(code)
    return list(answer["pages"])


def _run(command: list[str], content: bytes) -> bytes:
    """What a program writes that is given ``content``; it ends with its time, and with ours."""
    until = time.monotonic() + SECONDS
    given: bytes | None = content
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while time.monotonic() < until:
                go_on()
                with suppress(subprocess.TimeoutExpired):
                    return process.communicate(given, timeout=LOOK_SECONDS)[0]
                given = None
        finally:
            process.kill()
    return b""


def _unusable(code: str) -> BadRequest:
    return BadRequest(PROBLEMS[code], code=code)


def _lines(page: str) -> list[str]:
    """The lines of a page; characters that a font drew without a meaning are left out."""
    text = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffd]", "", page)
    return [" ".join(line.split()) for line in text.split("\n")]


def _repeated(pages: Iterable[list[str]]) -> set[str]:
    """The first and last lines that stand on most pages, whatever their numbers are."""
    edges = [{_pattern(line) for line in _edges(lines)} for lines in pages]
    counts = Counter(pattern for patterns in edges for pattern in patterns)
    enough = max(REPEATED_ON_PAGES, len(edges) // 2 + 1)
    return {pattern for pattern, count in counts.items() if count >= enough}


def _edges(lines: list[str]) -> list[str]:
    filled = [line for line in lines if line]
    return [*filled[:1], *filled[-1:]]


def _pattern(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def _without(lines: list[str], repeated: set[str]) -> list[str]:
    dropped = {line for line in _edges(lines) if _pattern(line) in repeated or line.isdigit()}
    return [line for line in lines if line not in dropped and not LEADERS.search(line)]


def _width(pages: Iterable[list[str]]) -> int:
    """How long lines are; the few longest ones are tables that were set wider."""
    lengths = sorted(len(line) for lines in pages for line in lines if line)
    return lengths[int(0.9 * len(lengths))]


def _paragraphs(lines: Iterable[str], *, full: float) -> Iterator[str]:
    """Join the lines that a page's width broke; a short line, a gap or a list's item ends one."""
    paragraph = ""
    for line in lines:
        if not line or LIST_ITEM.match(line):
            yield from filter(None, [paragraph])
            paragraph = line
        else:
            paragraph = _joined(paragraph, line)
        if len(line) < full:
            yield from filter(None, [paragraph])
            paragraph = ""
    yield from filter(None, [paragraph])


def _joined(paragraph: str, line: str) -> str:
    if re.search(r"[^\W\d_]-$", paragraph) and line[0].islower():
        return paragraph[:-1] + line
    return f"{paragraph} {line}".strip()
