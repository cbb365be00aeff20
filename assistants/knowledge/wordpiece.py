"""Split English text into the word pieces that the embedding model was trained on."""

import unicodedata
from functools import lru_cache
from pathlib import Path

CLS, SEP, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
MAX_PIECES = 256
MAX_WORD = 100


class WordPieces:
    """The vocabulary, and the lower-cased BERT splitting that goes with it."""

    def __init__(self, vocabulary: Path) -> None:
        lines = vocabulary.read_text(encoding="utf-8").splitlines()
        self._ids = {piece: number for number, piece in enumerate(lines)}
        self._word = lru_cache(maxsize=20_000)(self._split_word)

    def encode(self, text: str) -> list[int]:
        """Return at most 256 ids; the model was never trained on more and the rest is dropped."""
        pieces: list[int] = []
        for word in words(text):
            pieces.extend(self._word(word))
            if len(pieces) >= MAX_PIECES - 2:
                break
        return [self._ids[CLS], *pieces[: MAX_PIECES - 2], self._ids[SEP]]

    def _split_word(self, word: str) -> tuple[int, ...]:
        """Cut the longest known piece off the front again and again."""
        if len(word) > MAX_WORD:
            return (self._ids[UNKNOWN],)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            found = self._longest(word, start)
            if found is None:
                return (self._ids[UNKNOWN],)
            piece, start = found
            pieces.append(piece)
        return tuple(pieces)

    def _longest(self, word: str, start: int) -> tuple[int, int] | None:
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            piece = self._ids.get(prefix + word[start:end])
            if piece is not None:
                return piece, end
        return None


def words(text: str) -> list[str]:
    """Lower-case, drop accents and control characters, and set punctuation marks apart."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(_spaced(char) for char in decomposed).split()


@lru_cache(maxsize=4096)
def _spaced(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Mn":
        return ""
    if category in ("Zs", "Cc", "Cf") or char == "\ufffd":
        return " " if char.isspace() else ""
    if category.startswith("P") or (char.isascii() and not char.isalnum()) or _is_ideograph(char):
        return f" {char} "
    return char


def _is_ideograph(char: str) -> bool:
    point = ord(char)
    return (
        0x4E00 <= point <= 0x9FFF
        or 0x3400 <= point <= 0x4DBF
        or 0x20000 <= point <= 0x2CEAF
        or 0xF900 <= point <= 0xFAFF
        or 0x2F800 <= point <= 0x2FA1F
    )
