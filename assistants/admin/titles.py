"""What a source is called whose title nobody has written."""

import re
from pathlib import PurePath

from assistants.knowledge.ingestion import MARKS
from assistants.knowledge.web.addresses import host_of
from assistants.knowledge.web.pages import head_of
from assistants.models import KnowledgeSource

LONGEST = 80
# Characters of a page in which it says what it is called.
HEAD = 100_000
WORD = re.compile(r"\w")
Kind = KnowledgeSource.Kind


def title_of(kind: str, *, text: str = "", file_name: str = "", url: str = "") -> str:
    """A site's host, a file's name, or a text's first line; a page's own title, if it has one."""
    if kind == Kind.WEB:
        found = host_of(url).removeprefix("www.")
    elif kind == Kind.HTML and (stated := head_of(text[:HEAD], "").title):
        found = stated
    elif file_name:
        found = PurePath(file_name).stem
    elif kind == Kind.FAQ:
        found = ""
    else:
        found = next((line for line in text.splitlines() if WORD.search(line)), "")
    return _short(found.strip(MARKS)) or Kind(kind).label


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
