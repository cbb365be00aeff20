"""A person is called when one is asked for, after too much that had no answer, and by topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistants import handover, phrases
from assistants.handover import asks_for_person, rule, topic_in
from assistants.phrases import phrases_of
from assistants.question import Question
from assistants.versions import VersionSnapshot
from tenants.ids import uuid7
from tests.assistants.phrasebook import QUESTIONS, WISHES

LANGUAGES = tuple(phrases.LISTENERS)


def make_version(**fields):
    return VersionSnapshot(
        **{
            "version_id": uuid7(),
            "assistant_id": uuid7(),
            "tenant_id": uuid7(),
            "name": "Ada",
            "knowledge_revision": 0,
            "engine": "knowledge",
            "greeting": "Hello!",
            "languages": (),
            "answer_threshold": 0.5,
            "margin": 0.05,
            "offer_threshold": 0.3,
            "offer_text": "One of these?",
            "handover_text": "A person will come.",
            "unanswered_text": "I do not know.",
            **fields,
        }
    )


def ask(text, *, version=None, **fields):
    return rule(Question(version or make_version(), text, **fields))


def reason(text, **fields):
    found = ask(text, **fields)
    return found and found.reason


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wish_for_a_person_is_heard_in_every_language(language):
    assert [text for text in WISHES[language] if not asks_for_person(text, [language])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_about_people_is_a_question(language):
    """Also for an assistant that speaks all languages, where each listens to every other."""
    heard = [text for text in QUESTIONS[language] if asks_for_person(text, LANGUAGES)]

    assert heard == []


def test_the_choice_is_known_in_every_language_in_which_it_may_be_shown():
    for language in LANGUAGES:
        assert asks_for_person(phrases_of(language).talk_to_a_person, ["en"])


def test_english_is_always_heard_and_other_languages_only_when_spoken():
    assert asks_for_person("I want a human", ["de"])
    assert asks_for_person("Ich will einen Menschen", ["de-CH"])
    assert not asks_for_person("Ich will einen Menschen", ["en"])


def test_a_wish_at_the_end_of_a_long_story_is_heard():
    story = "My parcel has not come. " * 200

    assert asks_for_person(story + "I want to talk to a person.", ["en"])
    assert not asks_for_person(story, ["en"])


def test_who_asks_for_a_person_gets_one():
    found = ask("I want to talk to a human")

    assert (found.reason, found.text) == ("requested", "A person will come.")


@pytest.mark.parametrize(
    ("unanswered", "limit", "expected"),
    [(2, 3, None), (3, 3, "unanswered"), (4, 3, "unanswered"), (0, 0, None), (9, 0, None)],
)
def test_too_many_questions_without_an_answer(unanswered, limit, expected):
    version = make_version(handover_after=limit)

    assert reason("And this?", version=version, unanswered=unanswered) == expected


def test_after_too_many_the_visitor_is_told_that_there_was_no_answer():
    found = ask("And this?", version=make_version(handover_after=1), unanswered=1)

    assert found.text == "I do not know."


@pytest.mark.parametrize("text", ["When do you deliver?", " When do you deliver? "])
def test_a_choice_that_was_offered_may_still_be_taken(text):
    version, offered = make_version(handover_after=1), ["When do you deliver?"]

    assert reason(text, version=version, unanswered=1, offered=offered) is None
    assert reason("When?", version=version, unanswered=1, offered=offered) == "unanswered"


def test_thanks_and_a_goodbye_are_no_further_question():
    version = make_version(handover_after=1, languages=("de",))

    assert reason("Danke", version=version, unanswered=1) is None
    assert reason("ok, bye", version=version, unanswered=1) is None
    assert reason("Hallo?", version=version, unanswered=1) == "unanswered"


@pytest.mark.parametrize(
    ("topic", "text", "named"),
    [
        ("refund", "I want a REFUND!", True),
        ("refund", "refunds are slow", False),
        ("Kündigung", "wie geht eine kundigung", True),
        ("Straße", "in meiner STRASSE", True),
        ("data protection", "your data\n protection officer", True),
        ("data protection", "data about protection", False),
        ("C++", "do you teach C++?", True),
        ("C++", "do you teach C?", False),
        ("退款", "我要退款吗", True),
        ("", "anything", False),
        ("  ", "any thing", False),
        ("résiliation", "RESILIATION du contrat", True),
    ],
)
def test_a_topic_is_found_in_whole_words(topic, text, named):
    assert topic_in(text, [topic]) == (topic if named else "")


def test_a_listed_topic_calls_a_person():
    version = make_version(handover_topics=("lawyer", "x" * 100))

    assert reason("My lawyer will write.", version=version) == "topic:lawyer"
    assert reason("x" * 100, version=version) == ("topic:" + "x" * 100)[:60]
    assert reason("My law", version=version) is None


def test_the_person_reads_what_was_asked_last_and_what_was_offered():
    history = [
        ("visitor", "One?"),
        ("assistant", "I am not sure."),
        ("visitor", "Two?"),
        ("visitor", "Three\nlines?"),
        ("agent", "No."),
    ]

    found = ask("Talk to a person", history=history, offered=["When?", "Talk to a person"])

    assert found.summary == (
        "The visitor wrote:\n- Two?\n- Three lines?\n- Talk to a person\n"
        "Offered: When? | Talk to a person"
    )


def test_the_newest_words_are_kept_when_there_are_too_many():
    history = [("visitor", "old " * 100), ("visitor", "new " * 30)]

    *lines, last = ask("I want a human", history=history).summary.splitlines()[1:]

    assert last == "- I want a human"
    assert lines[-1] == "- " + ("new " * 30).strip()
    assert lines[0].startswith("- old")
    assert lines[0].endswith("…")
    assert sum(len(line) - 2 for line in (*lines, last)) <= handover.SUMMARY_LENGTH


def test_whoever_sent_nothing_but_a_file_has_written_nothing():
    assert handover.hand_over(Question(make_version(), ""), "no_answer", "").summary == ""


@given(st.text(), st.lists(st.text(max_size=20), max_size=3), st.lists(st.text(), max_size=3))
def test_no_words_make_the_rules_stumble(text, topics, offered):
    version = make_version(languages=LANGUAGES, handover_topics=tuple(topics), handover_after=1)

    found = ask(text, version=version, offered=offered, unanswered=1)

    assert found is None or len(found.summary) < 1_000
