"""What may be answered from English, and what may only be offered."""

import pytest

from assistants.knowledge.language import is_english


@pytest.mark.parametrize(
    "text",
    [
        "How do I start it?",
        "reset password",
        "café opening hours",
        "Can I say “wie geht's” to the assistant?",
        "4401",
        "",
    ],
)
def test_english_and_doubtful_texts_count_as_english(text):
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wie starte ich LiveChat?",
        "Comment installer LiveChat ?",
        "¿Cómo instalo LiveChat?",
        "Come si installa LiveChat?",
        "Como posso instalar?",
        "Hoe start ik LiveChat?",
        "LiveChat を起動するには",
        "Как запустить LiveChat?",
        "كيف أبدأ",
    ],
)
def test_other_languages_are_known_by_their_small_words_or_letters(text):
    assert not is_english(text)
