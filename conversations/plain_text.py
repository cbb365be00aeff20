"""Markdown of assistants and people where it is read as text: lists keep their marks."""

import re

FENCE = re.compile(r"^\s*```.*\n?", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+", re.MULTILINE)
# As the widget reads them: code, a picture or link, bold, italic, an address, an escape.
INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|!?\[(?P<label>[^\[\]\n]{1,500})\]\((?P<address>https?://[^\s)]+)\)"
    r"|\*\*(?=\S)(?P<bold>[^\n]{0,500}?\S)\*\*"
    r"|(?<![\w*])(?P<mark>[*_])(?=[^\s*_])(?P<italic>[^\n]{0,500}?\S)(?P=mark)(?![\w*])"
    r"|(?P<bare>https?://[^\s<>\"']+)"
    r"|\\(?P<escaped>[\\`*_\[\]()#+.!-])"
)


def plain(markdown: str) -> str:
    return _inline(HEADING.sub("", FENCE.sub("", markdown)))


def _inline(text: str) -> str:
    return INLINE.sub(_read, text)


def _read(match: re.Match[str]) -> str:
    if address := match["address"]:
        label = match["label"]
        return address if label == address else f"{label} ({address})"
    if marked := match["bold"] or match["italic"]:
        return _inline(marked)
    return match["code"] or match["bare"] or match["escaped"]
