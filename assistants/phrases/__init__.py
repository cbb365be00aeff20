"""What visitors say in any language that needs no knowledge to be understood."""

from collections.abc import Iterable

from assistants.language import base
from assistants.phrases.ar import ARABIC
from assistants.phrases.de import GERMAN
from assistants.phrases.en import ENGLISH
from assistants.phrases.es import SPANISH
from assistants.phrases.folding import words
from assistants.phrases.fr import FRENCH
from assistants.phrases.it import ITALIAN
from assistants.phrases.listening import Listener
from assistants.phrases.nl import DUTCH
from assistants.phrases.phrases import Phrases
from assistants.phrases.pl import POLISH
from assistants.phrases.pt import PORTUGUESE
from assistants.phrases.tr import TURKISH

__all__ = ["CALLS", "LISTENERS", "Listener", "Phrases", "listeners", "phrases_of"]

LISTENERS = {
    "en": Listener(ENGLISH),
    "de": Listener(GERMAN),
    "fr": Listener(FRENCH),
    "es": Listener(SPANISH),
    "nl": Listener(DUTCH),
    "ar": Listener(ARABIC),
    "it": Listener(ITALIAN),
    "pt": Listener(PORTUGUESE),
    "pl": Listener(POLISH),
    "tr": Listener(TURKISH),
}
# The choice that offers a person, folded.
CALLS = frozenset(words(one.phrases.talk_to_a_person) for one in LISTENERS.values())


def phrases_of(language: str) -> Phrases:
    """What to say in this language, or in English where it is not known."""
    return listeners([language])[0].phrases


def listeners(languages: Iterable[str]) -> list[Listener]:
    """Those of these languages that are known, in their order, and English."""
    codes = dict.fromkeys([*map(base, languages), "en"])
    return [LISTENERS[code] for code in codes if code in LISTENERS]
