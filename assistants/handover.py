"""The rules that call a person before any engine is asked, and what that person is told."""

import re
from collections.abc import Sequence
from functools import lru_cache

from assistants import phrases
from assistants.events import Handoff
from assistants.language import languages_of
from assistants.phrases.folding import fold, sentences, words
from assistants.question import Question

REASON_LENGTH = 60
# Of what the visitor wrote last, all messages together; and of each choice that was offered.
SUMMARY_LENGTH = 300
SUMMARY_MESSAGES = 3
CHOICE_LENGTH = 80
# The last ones: a wish comes at the end of a long story, if at all.
SENTENCES = 10
LONGEST_CALL = 80
# In scripts that put no spaces between words, a topic is found within others.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def rule(question: Question) -> Handoff | None:
    """The handover that a rule demands, whatever an engine would say."""
    version = question.version
    if asks_for_person(question.text, languages_of(version)):
        return hand_over(question, "requested", version.handover_text)
    if _is_one_too_many(question):
        return hand_over(question, "unanswered", version.unanswered_text)
    if topic := topic_in(question.text, version.handover_topics):
        return hand_over(question, f"topic:{topic}"[:REASON_LENGTH], version.handover_text)
    return None


def hand_over(question: Question, reason: str, text: str) -> Handoff:
    """Call a person, who is told what was asked."""
    return Handoff(reason, text, summary(question))


def asks_for_person(text: str, languages: Sequence[str]) -> bool:
    """Whether the visitor wants a person, said in one of these languages or in English.

    A choice that offers one is known in every language in which it is shown.
    """
    said, known = words(text), phrases.listeners(languages)
    if said in phrases.CALLS:
        return True
    if len(said) <= LONGEST_CALL:
        if any(one.is_greeting(said) for one in known):
            return False
        if any(one.names_person(said) for one in known):
            return True
    spoken = sentences(text)[-SENTENCES:]
    return any(one.asks_for_person(clauses) for clauses in spoken for one in known)


def topic_in(text: str, topics: Sequence[str]) -> str:
    """The first of these topics that a message names in whole words, or an empty text."""
    folded = fold(text)
    return next((topic for topic in topics if _topic(topic).search(folded)), "")


def summary(question: Question) -> str:
    """What the visitor wrote last, the newest at the end, and what they were offered for it."""
    asked = [what for who, what in question.history if who == "visitor"] + [question.text]
    return summary_of(asked, question.offered)


def summary_of(asked: Sequence[str], offered: Sequence[str] = ()) -> str:
    """The same of the visitor's messages, oldest first; empty if they said nothing."""
    lines = [f"- {message}" for message in _latest(asked)]
    if offered:
        choices = [_short(choice, CHOICE_LENGTH) for choice in offered]
        lines.append(f"Offered: {' | '.join(choices)}")
    return "\n".join(["The visitor wrote:", *lines]) if lines else ""


def _is_one_too_many(question: Question) -> bool:
    """Whether enough questions had no answer; a choice, thanks or a goodbye is no further one."""
    limit = question.version.handover_after
    if not 0 < limit <= question.unanswered or question.text.strip() in question.offered:
        return False
    said = words(question.text)
    known = phrases.listeners(languages_of(question.version))
    return not any(one.is_thanks(said) or one.is_goodbye(said) for one in known)


@lru_cache(maxsize=1_000)
def _topic(topic: str) -> re.Pattern[str]:
    parts = fold(topic).split()
    if not parts:
        return re.compile("(?!)")
    before = "" if UNSPACED.match(parts[0][0]) else r"(?<!\w)"
    after = "" if UNSPACED.match(parts[-1][-1]) else r"(?!\w)"
    return re.compile(before + r"\s+".join(map(re.escape, parts)) + after)


def _latest(messages: Sequence[str]) -> list[str]:
    """As many of the last messages as may be told, each on one line."""
    kept: list[str] = []
    left = SUMMARY_LENGTH
    for message in reversed(messages[-SUMMARY_MESSAGES:]):
        if short := _short(message, left):
            kept.insert(0, short)
            left -= len(short)
    return kept


def _short(text: str, width: int) -> str:
    """On one line; an empty text where there is no room for any."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…" * (width > 1)
