"""How long an answer may be, and where a longer one is cut."""

import re

# What a message of a conversation may hold.
LONGEST_TEXT = 8_000
# Only the end is searched for a border: a text without one is cut where it is.
BORDER_WITHIN = 1_000
SENTENCE = re.compile(r"[.!?…](?=\s)|[。！？]|\n")
WORD_END = re.compile(r"(?=\s)")


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return ``text`` up to the last sentence, else the last word, that ends in its bounds."""
    if len(text) <= longest:
        return text
    begin = max(longest - BORDER_WITHIN, 0)
    for border in (SENTENCE, WORD_END):
        # One more is looked at, so that a border at the very end is seen.
        ends = [begin + found.end() for found in border.finditer(text[begin : longest + 1])]
        if fitting := [end for end in ends if 0 < end <= longest]:
            return text[: fitting[-1]].rstrip()
    return text[:longest]
