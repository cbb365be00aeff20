"""Markdown → blocks of plain text under their headings."""

import re
from collections import Counter
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistants.knowledge.passages import Block

_parser = MarkdownIt("commonmark").enable("table")


def markdown_blocks(text: str) -> Iterator[Block]:
    """Yield the text in order; anchors are spelled as the common renderers spell them."""
    path: list[str] = []
    anchors: Counter[str] = Counter()
    anchor = ""
    tokens = _parser.parse(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = _plain(tokens[index + 1])
            path = [*path[: int(token.tag[1]) - 1], heading]
            anchor = _anchor(heading, anchors)
        elif words := _block_text(tokens, index):
            yield Block(tuple(filter(None, path)), words, anchor)


def _block_text(tokens: list[Token], index: int) -> str:
    token, before = tokens[index], tokens[max(index - 1, 0)]
    if token.type in ("fence", "code_block"):
        return token.content.rstrip()
    if token.type == "tr_open":
        return _row(tokens, index)
    if token.type != "inline" or before.type in ("heading_open", "th_open", "td_open"):
        return ""
    is_item = before.type == "paragraph_open" and tokens[max(index - 2, 0)].type == "list_item_open"
    return ("- " if is_item else "") + _plain(token)


def _row(tokens: list[Token], index: int) -> str:
    end = next(at for at in range(index, len(tokens)) if tokens[at].type == "tr_close")
    cells = [_plain(token) for token in tokens[index:end] if token.type == "inline"]
    return " | ".join(filter(None, cells))


def _plain(token: Token) -> str:
    text = "".join(_inline(child) for child in token.children or [])
    return re.sub(r"[ \t]+", " ", text).strip()


def _inline(child: Token) -> str:
    if child.type in ("text", "code_inline"):
        return child.content
    if child.type == "image":
        return "".join(_inline(grandchild) for grandchild in child.children or [])
    return {"softbreak": " ", "hardbreak": "\n"}.get(child.type, "")


def _anchor(heading: str, anchors: Counter[str]) -> str:
    base = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    anchors[base] += 1
    return base if anchors[base] == 1 else f"{base}-{anchors[base] - 1}"
