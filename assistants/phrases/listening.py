"""Hearing what one language's phrases say."""

import re
from collections.abc import Iterator, Sequence

from assistants.phrases.phrases import Phrases

# A longer sentence tells a story, and those who are named in it are named for another reason.
LONGEST_SENTENCE = 120
# What joins a wish to the story before it, in any of the languages.
JOINT = re.compile(
    r"(?<!\w)(?:and|but|so|und|aber|et|mais|donc|y|pero|en|maar|dus|e|ma|quindi|mas|ale|wiec|ve"
    r"|ama) "
)


class Listener:
    """One language's patterns, ready to be applied to folded words."""

    def __init__(self, phrases: Phrases) -> None:
        self.phrases = phrases
        self._greeting = self._pattern(phrases.greeting)
        self._thanks = self._pattern(phrases.thanks)
        self._goodbye = self._pattern(phrases.goodbye)
        self._opening = re.compile(f"(?:{_alternatives(phrases.opening)} )+")
        self._naming = self._pattern("<person>", closing=phrases.closing)
        self._wanting = self._pattern(phrases.wanting, closing=phrases.closing)
        self._reaching = self._pattern(phrases.reaching)
        self._oneself = self._pattern(phrases.oneself)
        self._spurning = self._pattern(phrases.spurning)
        self._refusals = [
            self._pattern(pattern)
            for pattern in (phrases.refusing, phrases.others, phrases.elsewhere)
        ]

    def is_greeting(self, words: str) -> bool:
        return bool(self._greeting.fullmatch(words))

    def is_thanks(self, words: str) -> bool:
        return bool(self._thanks.fullmatch(words))

    def is_goodbye(self, words: str) -> bool:
        return bool(self._goodbye.fullmatch(words))

    def names_person(self, words: str) -> bool:
        """Whether a message does nothing but call for somebody: “agent, please”."""
        return bool(self._naming.fullmatch(self._bare(words)))

    def asks_for_person(self, clauses: Sequence[str]) -> bool:
        """Whether a sentence is a wish; how others reach somebody is a question like any."""
        sentence = " ".join(clauses)
        if any(self._says_so(tail) for clause in clauses for tail in self._tails(clause)):
            return True
        if len(sentence) > LONGEST_SENTENCE:
            return False
        if self._spurning.search(sentence):
            return True
        if self._refuses(sentence):
            return False
        return self._reaches(sentence) or any(
            self._wanting.fullmatch(self._bare(clause)) for clause in clauses
        )

    def _says_so(self, words: str) -> bool:
        """Whether words that begin with oneself are a wish, whatever is told before them."""
        if len(words) > LONGEST_SENTENCE or not self._oneself.match(words):
            return False
        return bool(self._reaching.search(words)) and not self._refuses(words)

    def _tails(self, clause: str) -> Iterator[str]:
        """A clause of several, and what follows an “and” or “but” in it."""
        yield clause
        for opening in JOINT.finditer(clause):
            yield clause[opening.end() :]

    def _refuses(self, words: str) -> bool:
        return any(refusal.search(words) for refusal in self._refusals)

    def _reaches(self, words: str) -> bool:
        found = self._reaching.search(self._bare(words))
        return bool(found and (found.start() == 0 or self._oneself.search(words)))

    def _bare(self, words: str) -> str:
        opening = self._opening.match(words)
        return words[opening.end() :] if opening else words

    def _pattern(self, pattern: str, *, closing: str = "") -> re.Pattern[str]:
        source = _alternatives(pattern)
        for name in ("person", "machine"):
            source = source.replace(f"<{name}>", _alternatives(getattr(self.phrases, name)))
        ending = f"(?: {_alternatives(closing)})*" if closing else ""
        return re.compile(rf"(?<!\w){source}(?!\w){ending}")


def _alternatives(pattern: str) -> str:
    return f"(?:{''.join(line.strip() for line in pattern.splitlines())})"
