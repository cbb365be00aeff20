"""Sure enough to answer, to offer, or not at all."""

from dataclasses import replace

import pytest

from assistants.knowledge.bands import WORDS_ONLY, Band, Hit, Thresholds, judge
from tenants.ids import uuid7

SOURCE, OTHER = uuid7(), uuid7()


def hit(score, *, position=0, source=SOURCE, is_prose=False):
    return Hit(uuid7(), source, position, score, is_prose=is_prose)


@pytest.mark.parametrize(
    ("scores", "band"),
    [
        ([], Band.HAND_OVER),
        ([0.80], Band.ANSWER),
        ([0.50], Band.ANSWER),
        ([0.4999], Band.OFFER),
        ([0.80, 0.76], Band.OFFER),
        ([0.80, 0.75], Band.ANSWER),
        ([0.98, 0.97], Band.ANSWER),
        ([0.97, 0.96], Band.OFFER),
        ([0.30], Band.OFFER),
        ([0.2999], Band.HAND_OVER),
        ([0.0], Band.HAND_OVER),
        ([-0.1], Band.HAND_OVER),
    ],
)
def test_the_default_bands(scores, band):
    hits = [hit(score, position=number * 5) for number, score in enumerate(scores)]

    assert judge(hits, Thresholds()) is band


@pytest.mark.parametrize(
    ("position", "source", "is_prose", "band"),
    [
        (4, SOURCE, True, Band.ANSWER),
        (6, SOURCE, True, Band.ANSWER),
        (7, SOURCE, True, Band.OFFER),
        (4, OTHER, True, Band.OFFER),
        (4, SOURCE, False, Band.OFFER),
    ],
)
def test_only_neighbouring_passages_of_prose_are_no_rivals(position, source, is_prose, band):
    best = hit(0.7, position=5, is_prose=is_prose)
    second = hit(0.69, position=position, source=source, is_prose=is_prose)

    assert judge([best, second], Thresholds()) is band


def test_thresholds_are_the_assistants_own():
    strict = Thresholds(answer=0.9, margin=0.2, offer=0.6)

    assert judge([hit(0.85)], strict) is Band.OFFER
    assert judge([hit(0.95), hit(0.8, position=9)], strict) is Band.OFFER
    assert judge([hit(0.95), hit(0.7, position=9)], strict) is Band.ANSWER
    assert judge([hit(0.59)], strict) is Band.HAND_OVER


def test_words_alone_offer_and_never_answer_but_by_name():
    assert judge([hit(0.05)], WORDS_ONLY) is Band.OFFER
    assert judge([hit(1.0), hit(0.05, position=9)], WORDS_ONLY) is Band.ANSWER
    assert judge([], WORDS_ONLY) is Band.HAND_OVER


@pytest.mark.parametrize(
    ("source", "title", "is_prose", "citation"),
    [
        ("Shop", "Guide › Hours", True, "Shop › Guide › Hours"),
        ("Returns", "returns › How long?", True, "Returns › How long?"),
        ("Returns", "Returns", True, "Returns"),
        ("Return", "Returns › How long?", True, "Return › Returns › How long?"),
        ("FAQ", "FAQ", False, "FAQ"),
        ("FAQ", "How long?", False, "FAQ"),
    ],
)
def test_a_page_that_begins_with_its_own_title_is_named_once(source, title, is_prose, citation):
    found = replace(hit(0.9, is_prose=is_prose), title=title, source_title=source)

    assert found.citation == citation
