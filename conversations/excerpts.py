"""The part of a text that shows why it was found, with the words that were looked for marked."""

import re
from typing import Any

LENGTH = 160
LEAD = 40
NEGATED = re.compile(r'(?<!\S)-("[^"]*"|\S+)')
WORD = re.compile(r"\w(?:[\w@./+'-]*\w)?")
ALTERNATIVE = "or"
MORE = "…"


def excerpt(text: str, question: str) -> list[dict[str, Any]]:
    """At most 160 characters as ``{text, match}``, around the first word that was looked for."""
    text = " ".join(text.split())
    sought = _pattern(question)
    first = sought.search(text) if sought else None
    start = _begin(text, first.start()) if first else 0
    shown = text[start : start + LENGTH]
    parts = _parts(shown, sought)
    if start:
        parts.insert(0, _part(MORE, False))
    if start + LENGTH < len(text):
        parts.append(_part(MORE, False))
    return parts


def _pattern(question: str) -> re.Pattern[str] | None:
    """What to mark: whole words, and whatever begins as the last one does."""
    asked = NEGATED.sub(" ", question)
    words = [word for word in WORD.findall(asked) if word.lower() != ALTERNATIVE]
    if not words:
        return None
    *whole, last = map(re.escape, words)
    is_begun = not asked.rstrip().endswith('"')
    forms = [*(rf"{word}(?!\w)" for word in whole), last + (r"\w*" if is_begun else r"(?!\w)")]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})", re.IGNORECASE)


def _begin(text: str, match: int) -> int:
    """Where a word begins, a little before what was found."""
    if match <= LEAD:
        return 0
    space = text.find(" ", match - LEAD, match)
    return space + 1 if space >= 0 else match


def _parts(text: str, sought: re.Pattern[str] | None) -> list[dict[str, Any]]:
    parts, end = [], 0
    for match in sought.finditer(text) if sought else ():
        parts += [_part(text[end : match.start()], False), _part(match.group(), True)]
        end = match.end()
    parts.append(_part(text[end:], False))
    return [part for part in parts if part["text"]]


def _part(text: str, match: bool) -> dict[str, Any]:
    return {"text": text, "match": match}
