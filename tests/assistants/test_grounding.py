"""Citations, and what may be said without one."""

import pytest

from assistants.grounding import Source, Sources, citations, states_no_facts, without_markers
from assistants.knowledge.bands import Hit
from tenants.ids import uuid7


def hit(text, url=""):
    return Hit(uuid7(), uuid7(), 0, 0.9, title=text, text=text, url=url, source_title="Guide")


SHOWN = Sources(
    [Source(f"T{n}", f"Text number {n}", f"https://x.example/{n}", "s") for n in (1, 2, 3)]
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Yes [1].", [1]),
        ("Yes [2][1], or [2, 3].", [2, 1, 3]),
        ("Yes [1-3].", [1, 3]),
        ("No [4], [0], [99], [x], [1](https://x.example).", []),
        ("None.", []),
    ],
)
def test_markers_name_passages_that_were_shown(text, numbers):
    assert SHOWN.cited(text) == [SHOWN.shown[n - 1] for n in numbers]


def test_markers_are_not_shown():
    assert without_markers("A [1]. B [2, 3]! [a](b) [1](c)") == "A. B! [a](b) [1](c)"


def test_a_passage_keeps_its_number():
    sources, first, second = Sources(), hit("One"), hit("Two")

    assert sources.add([first]) == [1]
    assert sources.add([second, first]) == [2, 1]
    assert sources.shown[0].question == "One"
    assert Sources.from_json(sources.as_json()) == sources
    assert "question" not in sources.as_json()[0]


def test_each_place_is_cited_once():
    assert len(citations([SHOWN.shown[0], SHOWN.shown[0], SHOWN.shown[1]])) == 2


def test_a_passage_is_recognised_by_its_words():
    sources = Sources()
    sources.add([hit("Parcels arrive within three days."), hit("Cash is not possible.")])

    assert [s.text for s in sources.recognised("Your parcels arrive within three days!")] == [
        "Parcels arrive within three days."
    ]
    sources.add([hit("Shipping within Germany costs 4.90 euros from 1 item on.")])
    assert sources.recognised("Shipping costs 4.90 euros.") == [sources.shown[2]]
    assert sources.recognised("Shipping costs 9.90 euros.") == []
    assert sources.recognised("The moon is made of cheese.") == []
    assert sources.recognised("Ok?") == []


@pytest.mark.parametrize(
    ("text", "is_small_talk", "allowed"),
    [
        ("How can I help? [0]", False, True),
        ("Which shop do you mean?", False, True),
        ("Hello there, nice to meet you!", True, True),
        ("I do not know that, sorry. [0]", False, True),
        ("Hello there, nice to meet you!", False, False),
        ("We are open on Sundays.", False, False),
        ("We are open on Sundays. Anything else?", False, False),
        ("It costs 12 euros. [0]", False, False),
        ("Write to us@acme.example [0]", False, False),
        ("Go to https://acme.example [0]", False, False),
        ("word " * 80 + "[0]", False, False),
    ],
)
def test_only_words_without_facts_need_no_source(text, is_small_talk, allowed):
    assert states_no_facts(text, is_small_talk=is_small_talk) is allowed
