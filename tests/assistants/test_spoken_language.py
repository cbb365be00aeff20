"""Which language a visitor is answered in, and when that changes."""

import pytest

from assistants.language import detected, language_of, likeliest, match
from assistants.question import Question
from tests.assistants.test_handover import make_version

ALL = ("en", "de", "fr", "es", "nl", "ar", "it", "pt", "pl", "tr")
GERMAN = "Wo ist mein Paket geblieben?"
ENGLISH = "Where has my parcel been?"


def spoken(text, *, languages=("en", "de"), named="", stored="", before=()):
    version = make_version(languages=languages)
    history = [("visitor", line) for line in before]
    return language_of(
        Question(version, text, history=history, named_language=named, language=stored)
    )


@pytest.mark.parametrize(
    ("wanted", "languages", "found"),
    [
        ("de", ["en", "de"], "de"),
        ("de-AT", ["en", "de"], "de"),
        ("DE_at", ["en", "de"], "de"),
        ("pt", ["en", "pt-BR"], "pt-BR"),
        ("pt-PT", ["en", "pt-BR"], "pt-BR"),
        ("pt-PT", ["pt-BR", "pt-PT"], "pt-PT"),
        ("zh-Hant-TW", ["zh", "zh-Hant"], "zh-Hant"),
        ("fr", ["en", "de"], ""),
        ("d", ["de"], ""),
        ("", ["de"], ""),
        ("-", ["de"], ""),
        ("deutsch", ["de"], ""),
    ],
)
def test_a_language_is_matched_to_what_the_assistant_speaks(wanted, languages, found):
    assert match(wanted, languages) == found


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Can I return a pair of shoes?", "en"),
        ("Kann ich ein Paar Schuhe zurückschicken?", "de"),
        ("Puis-je renvoyer une paire de chaussures ?", "fr"),
        ("¿Puedo devolver un par de zapatos?", "es"),
        ("Kan ik een paar schoenen terugsturen?", "nl"),
        ("هل يمكنني إرجاع الحذاء؟", "ar"),
        ("Posso restituire un paio di scarpe?", "it"),
        ("Posso devolver um par de sapatos?", "pt"),
        ("Czy mogę zwrócić parę butów?", "pl"),
        ("Bir çift ayakkabıyı iade edebilir miyim?", "tr"),
    ],
)
def test_a_sentence_is_known_for_its_language(text, language):
    assert detected(text, ALL) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "Wo ist es?",
        "4111 1111 1111 1111",
        "https://example.com/wo/ist/mein/paket",
        "\ud800",
    ],
)
def test_what_is_short_or_of_no_language_is_not_guessed_at(text):
    assert detected(text, ALL) == ""


def test_twelve_characters_are_enough():
    assert detected("Wo ist mein", ALL) == ""
    assert detected("Wo ist mein.", ALL) == "de"


def test_the_assistants_own_spelling_of_the_language_is_used():
    assert detected("Onde está a minha encomenda?", ["en", "pt-BR"]) == "pt-BR"
    assert detected("Hvor er pakken min blitt av?", ["en", "nb"]) == "nb"


def test_languages_that_nobody_can_detect_are_not_guessed_at():
    assert detected(ENGLISH, ["tlh", "qya"]) == ""
    assert detected(ENGLISH, ["tlh", "en"]) == ""


def test_an_assistant_with_one_language_always_uses_that():
    assert spoken(GERMAN, languages=()) == "en"
    assert spoken(GERMAN, languages=("fr",), stored="de") == "fr"


def test_a_first_message_decides():
    assert spoken(GERMAN) == "de"
    assert spoken(ENGLISH) == "en"
    assert spoken("Hallo") == ""


def test_the_language_that_was_named_is_used_whatever_the_visitor_writes():
    two = [ENGLISH, "And where is my money now?"]
    assert spoken(ENGLISH, named="de", before=two) == "de"
    assert spoken(ENGLISH, named="de", stored="en", before=two) == "de"
    assert spoken("ok", named="de", stored="en") == "de"


def test_a_named_language_that_the_assistant_does_not_speak_any_more_is_detected():
    assert spoken(GERMAN, named="fr") == "de"
    assert spoken("ok", named="fr", stored="de") == "de"
    assert spoken(GERMAN, named="de", languages=("fr",)) == "fr"


def test_what_was_used_stays_after_one_message_in_another_language():
    assert spoken(ENGLISH, stored="de") == "de"
    assert spoken(ENGLISH, stored="de", before=[GERMAN]) == "de"
    assert spoken(ENGLISH, stored="de", before=["ok"]) == "de"


def test_two_messages_in_a_row_in_another_language_change_it():
    assert spoken(ENGLISH, stored="de", before=[GERMAN, "And where is my money now?"]) == "en"
    assert spoken("ok", stored="de", before=[ENGLISH, ENGLISH]) == "de"


def test_a_language_that_the_assistant_does_not_speak_any_more_is_forgotten():
    assert spoken(GERMAN, stored="fr") == "de"
    assert spoken("Hallo", stored="fr") == ""


def test_the_likelier_language_comes_with_its_probability():
    assert likeliest(GERMAN, ["de"]) == ("de", 1.0)
    assert likeliest("1234", ["de", "en"]) == ("de", 0.5)
    language, probability = likeliest(GERMAN, ["en", "de"])
    assert (language, probability > 0.9) == ("de", True)
