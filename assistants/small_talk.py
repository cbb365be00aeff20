"""What needs no knowledge: greetings, thanks and goodbyes."""

from collections.abc import Sequence

from assistants import phrases
from assistants.phrases.folding import words
from assistants.wording import greeting_in

LONGEST = 80


def small_talk(text: str, languages: Sequence[str], *, greeting: str) -> str:
    """The answer to a message that is nothing but a courtesy, or an empty text.

    In the first of the languages in which it is one.
    """
    said = words(text[: LONGEST + 1]) if len(text) <= LONGEST else ""
    for listener in phrases.listeners(languages):
        if listener.is_greeting(said):
            return greeting_in(greeting, listener.phrases)
        if listener.is_thanks(said):
            return listener.phrases.you_are_welcome
        if listener.is_goodbye(said):
            return listener.phrases.until_next_time
    return ""
