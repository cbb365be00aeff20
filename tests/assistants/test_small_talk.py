"""Courtesies get a courtesy, in the language in which they were said."""

import pytest

from assistants import phrases
from assistants.phrases import phrases_of
from assistants.phrases.folding import fold
from assistants.small_talk import small_talk
from tests.assistants.phrasebook import GOODBYES, GREETINGS, NO_COURTESIES, THANKS

LANGUAGES = tuple(phrases.LISTENERS)
SAID = {
    "talk_to_a_person",
    "you_are_welcome",
    "until_next_time",
    "quoted_from",
    "welcome",
    "introduction",
    "offer_text",
    "handover_text",
    "unanswered_text",
    "unapproved",
}


def answers(table, *languages):
    """What is answered to each text of a table's language."""
    return {
        text: small_talk(text, languages or (language,), greeting="Welcome.")
        for language, texts in table.items()
        for text in texts
    }


def expected(table, name):
    return {
        text: getattr(phrases_of(language), name)
        for language, texts in table.items()
        for text in texts
    }


def test_every_language_is_in_the_tables():
    for table in (GREETINGS, THANKS, GOODBYES, NO_COURTESIES):
        assert set(table) == set(LANGUAGES)


def test_a_greeting_is_greeted():
    assert set(answers(GREETINGS).values()) == {"Welcome."}


def test_thanks_and_goodbyes_are_answered_in_their_language():
    assert answers(THANKS) == expected(THANKS, "you_are_welcome")
    assert answers(GOODBYES) == expected(GOODBYES, "until_next_time")


def test_what_asks_for_more_than_a_courtesy_gets_none():
    assert set(answers(NO_COURTESIES).values()) == {""}
    assert set(answers(NO_COURTESIES, *LANGUAGES).values()) == {""}
    assert small_talk("hi " * 100, LANGUAGES, greeting="Welcome.") == ""


def test_a_courtesy_of_several_languages_is_answered_in_the_first():
    assert small_talk("ok", ["nl", "de"], greeting="") == phrases_of("nl").until_next_time
    assert small_talk("ok", ["de-AT", "nl"], greeting="") == phrases_of("de").until_next_time


def test_english_is_always_understood_and_other_languages_only_when_spoken():
    assert small_talk("thanks", ["de"], greeting="") == phrases_of("en").you_are_welcome
    assert small_talk("danke", ["en"], greeting="") == ""
    assert small_talk("ok", ["xx", ""], greeting="") == phrases_of("en").until_next_time


@pytest.mark.parametrize("language", LANGUAGES)
def test_patterns_are_written_as_they_are_compared(language):
    """A letter that folding changes would never be found."""
    for name, text in vars(phrases_of(language)).items():
        assert name in SAID or fold(text) == text, name
