"""The style sheets of the inbox."""

import re
from pathlib import Path

INBOX = Path(__file__).parents[2] / "frontend" / "dashboard"
LATE = ("pages", "late.tsx", "help.tsx", "palette.tsx")
# A selector that begins with a class, which holds wherever an element has it.
LEADING = re.compile(r"(?:^|[,}])\s*\.([\w-]+)[^{},]*(?=[,{])", re.MULTILINE)


def test_the_sheet_that_comes_later_restyles_nothing_that_stands_already():
    late = set(LEADING.findall((INBOX / "pages" / "pages.css").read_text()))
    early = set()
    for path in INBOX.rglob("*.tsx"):
        if path.relative_to(INBOX).parts[0] not in LATE:
            for names in re.findall(r'class="([^"]+)"', path.read_text()):
                early.update(names.split())

    assert "row" in early or "name" in early
    assert "inputs" in late
    assert late & early == set()
