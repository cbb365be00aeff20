"""Blocks of text under headings, packed into passages that fit the embedding and a chat bubble."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_WORDS = 200
MAX_CHARACTERS = 2_000
HEADING_SEPARATOR = " › "


@dataclass(frozen=True)
class Passage:
    """What becomes one entry: a question with its answer, or text under its headings."""

    title: str
    text: str
    anchor: str = ""
    variants: tuple[str, ...] = ()
    is_answer: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph, list item, table row or listing, and the headings that it stands under."""

    headings: tuple[str, ...]
    text: str
    anchor: str = ""


def pack(blocks: Iterable[Block]) -> list[Passage]:
    """Join neighbouring blocks of one section while they fit; a long block is cut at sentences."""
    passages: list[Passage] = []
    section: Block | None = None
    for block in blocks:
        for piece in _pieces(block.text):
            joined = f"{passages[-1].text}\n{piece}" if passages else ""
            same = section is not None and _place(section) == _place(block)
            if same and _fits(joined):
                passages[-1] = Passage(passages[-1].title, joined, passages[-1].anchor)
            else:
                passages.append(Passage(_title(block), piece, block.anchor))
            section = block
    return passages


def _place(block: Block) -> tuple[tuple[str, ...], str]:
    return block.headings, block.anchor


def _title(block: Block) -> str:
    return HEADING_SEPARATOR.join(block.headings)


def _fits(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and len(text.split()) <= MAX_WORDS


def _pieces(text: str) -> Iterable[str]:
    """The text itself, or as few runs of whole sentences (at worst of words) as it takes."""
    if not text.strip():
        return
    if _fits(text):
        yield text
        return
    piece = ""
    for part in _parts(text):
        if piece and not _fits(piece + part):
            yield piece.strip()
            piece = ""
        piece += part
    if piece.strip():
        yield piece.strip()


def _parts(text: str) -> Iterable[str]:
    for sentence in re.findall(r".+?(?:[.!?](?=\s)\s+|\n+|$)", text, re.DOTALL):
        if _fits(sentence):
            yield sentence
        else:
            # Bounded on both sides, so that a wall of letters is cut as well.
            yield from re.findall(r"\S{1,200}\s*", sentence)
