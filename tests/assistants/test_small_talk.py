"""Courtesies get a courtesy, and whoever wants a person is believed."""

import pytest

from assistants.small_talk import (
    TALK_TO_A_PERSON,
    UNTIL_NEXT_TIME,
    YOU_ARE_WELCOME,
    asks_for_person,
    small_talk,
)


@pytest.mark.parametrize(
    "text",
    [
        TALK_TO_A_PERSON,
        "talk to a human",
        "I want to talk to a human!",
        "can I speak to someone?",
        "Please connect me to an agent",
        "human",
        "Agent please",
        "is there a real person here?",
        "can you transfer me to customer service",
        "I’d like to speak with a representative",
        "how do I talk to a person?",
        "get me an operator",
        "hi, can i talk to a human being please",
        "no, I want a person",
    ],
)
def test_the_wish_for_a_person_is_heard(text):
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do visitors talk to a person?",
        "When does the assistant hand over to a human?",
        "How do I add an agent to my team?",
        "Can I chat with customers as an agent?",
        "What support do you offer?",
        "I talked to an agent last week and my parcel is still not here, what should I do?",
        "",
    ],
)
def test_a_question_about_people_is_a_question(text):
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hi", "Welcome."),
        ("Hello!", "Welcome."),
        ("  good   morning ", "Welcome."),
        ("thanks", YOU_ARE_WELCOME),
        ("Thank you so much!", YOU_ARE_WELCOME),
        ("ok, thanks, bye", YOU_ARE_WELCOME),
        ("bye", UNTIL_NEXT_TIME),
        ("hi, how do I pay?", ""),
        ("thanks to whom do I owe this?", ""),
        ("?", ""),
        ("hi " * 100, ""),
    ],
)
def test_courtesies(text, answer):
    assert small_talk(text, greeting="Welcome.") == answer
