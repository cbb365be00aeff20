"""A process of its own: a PDF on standard input → the text of its pages as JSON on standard output.

Reading a PDF is running somebody's program: it may ask for any amount of time and memory. Here both
are bounded by the system, and whatever happens ends this process alone. So it imports nothing of
ours.
"""

import io
import json
import logging
import resource
import sys
from contextlib import suppress
from typing import Any

from pypdf import PdfReader, apply_configuration
from pypdf.errors import FileNotDecryptedError, LimitReachedError

MAX_PAGES = 2_000
MAX_CHARACTERS = 1_000_000
MAX_MEMORY = 1024**3
MAX_UNPACKED = 20_000_000


class Unreadable(Exception):
    """The code of what is wrong with the file."""


def pages_of(content: bytes) -> list[str]:
    """Return the text of each page. Raises Unreadable, and anything at all for broken files."""
    reader = PdfReader(io.BytesIO(content))
    if len(reader.pages) > MAX_PAGES:
        raise Unreadable("pdf_too_many_pages")
    pages: list[str] = []
    left = MAX_CHARACTERS
    for page in reader.pages:
        pages.append(_text(page))
        left -= len(pages[-1])
        if left < 0:
            raise Unreadable("file_too_long")
    return pages


def _text(page: Any) -> str:
    try:
        return str(page.extract_text())
    except (LimitReachedError, MemoryError, FileNotDecryptedError):
        raise
    except Exception:
        # One page whose description is broken leaves the others readable.
        return ""


def _answer(content: bytes) -> dict[str, Any]:
    try:
        with apply_configuration(zlib_maximum_output_length=MAX_UNPACKED):
            return {"pages": pages_of(content)}
    except Unreadable as error:
        return {"error": str(error)}
    except FileNotDecryptedError:
        return {"error": "pdf_encrypted"}
    except (LimitReachedError, MemoryError):
        return {"error": "pdf_too_complex"}
    except Exception:
        # The library says that broken files may cause any exception.
        return {"error": "pdf_broken"}


def _bound(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # Not every system bounds memory so; there, the library's own bounds remain.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    logging.disable()
    _bound(int(sys.argv[1]))
    json.dump(_answer(sys.stdin.buffer.read()), sys.stdout)
