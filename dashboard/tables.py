"""Tables as text that spreadsheets read, and in which they find nothing to compute."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

# Without it spreadsheets take the text for one of some old code page.
BYTE_ORDER_MARK = "\ufeff"
# What makes a spreadsheet take a cell for a formula, or skip on to one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
DEFUSED = "'"


def lines(rows: Iterable[Sequence[object]]) -> str:
    """As RFC 4180 has it, with an apostrophe before what looks like a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict():
            text = json.dumps(value, ensure_ascii=False) if value else ""
        case _:
            text = str(value)
    return DEFUSED + text if text.startswith(FORMULA) else text
