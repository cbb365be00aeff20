"""Text as it is compared: without case, accents, punctuation, or how somebody's keyboard writes."""

import re
import unicodedata

APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´", "'"))
# Letters that carry their mark inside, and spellings that Arabic writers mix.
LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "ة": "ه", "ى": "ي", "ـ": None})
WORD = re.compile(r"\w+(?:['-]\w+)*'?")
QUOTED = re.compile(r"“[^”]*”|„[^“”]*[“”]|«[^»]*»|\"[^\"]*\"")
SENTENCE_END = re.compile(r"[.!?؟;\n]+")
CLAUSE_END = re.compile(r"[,،:()–—]+|\s-\s")


def fold(text: str) -> str:
    """Without case, accents and typographic spellings."""
    decomposed = unicodedata.normalize("NFKD", text.translate(APOSTROPHES).casefold())
    bare = "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")
    return bare.translate(LETTERS)


def words(text: str) -> str:
    """The folded words with one space between them."""
    return " ".join(WORD.findall(fold(text)))


def sentences(text: str) -> list[list[str]]:
    """The words of each clause of each sentence; what is quoted was said by somebody else."""
    spoken = fold(QUOTED.sub(" ", text.strip(' "“”„«»')))
    parts = [CLAUSE_END.split(sentence) for sentence in SENTENCE_END.split(spoken)]
    clauses = [[" ".join(WORD.findall(clause)) for clause in part] for part in parts]
    return [kept for part in clauses if (kept := [clause for clause in part if clause])]
