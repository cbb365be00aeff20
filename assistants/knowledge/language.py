"""A guess whether a question is English, the one language that the embedding model knows.

In others it still sees names: "Wie starte ich LiveChat?" resembles every passage about LiveChat,
and scores as high as a question that it understands.
"""

import re
import unicodedata

# Small words that few sentences do without. The foreign ones are no words of English.
ENGLISH = """
the a an is are was do does did how what when where which who why i my me you your it its of to in
on for with and or not can could should would will there this that from by as at if has have be am
we our us they
"""
FOREIGN = """
wie ich der und ist nicht kann kannst können sie mein meine wo wer wann warum welche auf für eine
einen gibt habe haben comment est je où pourquoi quel quelle quels puis dans avec votre vous une
peux cómo como qué que puedo dónde donde cuál cuándo está tiene una por para con los las posso dove
perché quale quanto mio mia il gli sono è avete quando si può onde meu minha não você vocês tem uma
ik hoe het een niet mijn waar waarom welke wat jullie
"""
WORD = re.compile(r"[^\W\d_]+")

_english, _foreign = frozenset(ENGLISH.split()), frozenset(FOREIGN.split())


def is_english(text: str) -> bool:
    """Doubtful cases, such as a few key words in Latin letters, count as English."""
    words = set(WORD.findall(text.casefold()))
    if words & _english:
        return True
    letters = "".join(words)
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return not words & _foreign and 3 * latin >= 2 * len(letters)
