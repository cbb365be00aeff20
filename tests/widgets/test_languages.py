import re

import pytest
from django.core.exceptions import ValidationError

from assistants.phrases import phrases_of
from conversations.lines import LINES
from tenants.languages import direction_of
from widgets.config import cleaned_settings
from widgets.wording import BUILT_IN, TEXTS, best_locale, line_in, texts_in

SETTINGS = {
    "languages": ["de", "en", "pt-BR", "ar", "de-CH"],
    "texts": {"send": "Absenden"},
    "translations": {
        "en": {"send": "Go"},
        "de": {"open": "Frag uns"},
        "de-CH": {"send": "Abschicken"},
        "pt": {"send": "Enviar"},
        "pt-BR": {"open": "Abrir"},
    },
}


@pytest.mark.parametrize("language", BUILT_IN)
def test_every_language_has_every_text_with_the_same_places_to_fill(language):
    texts = BUILT_IN[language]

    assert list(texts) == list(TEXTS)
    for name, text in texts.items():
        places, ours = (sorted(re.findall(r"\{\w+\}", said)) for said in (text, TEXTS[name]))
        assert places == ours, name
        assert 0 < len(text) <= 300
        assert text == text.strip()
    same = [name for name, text in texts.items() if text == TEXTS[name]]
    assert language == "en" or len(same) < 10
    # The assistant's choice and the link below it do the same thing.
    assert texts["askForPerson"] == phrases_of(language).talk_to_a_person


def test_every_line_of_ours_can_be_said_to_the_visitor():
    said = {code: line_in(TEXTS, {"code": code, "name": "Kim"}) for code in LINES}

    assert said["joined"] == "Kim joined the conversation."
    assert all(said.values())
    assert [line_in(TEXTS, line) for line in (None, {"code": "later", "name": ""})] == ["", ""]


def test_six_languages_come_with_us():
    assert set(BUILT_IN) == {"en", "de", "fr", "es", "nl", "ar"}


@pytest.mark.parametrize(
    ("asked", "locale"),
    [
        ("en", "en"),
        ("EN-us", "en"),
        ("de-CH", "de-CH"),
        ("de_AT", "de"),
        ("pt", "pt-BR"),
        ("ar-EG", "ar"),
        ("ja", "de"),
        ("", "de"),
        ("\0" * 9000, "de"),
    ],
)
def test_a_visitor_gets_the_best_of_the_bubbles_languages(asked, locale):
    assert best_locale(asked, SETTINGS["languages"]) == locale
    assert best_locale(asked, []) == "en"


def test_each_language_has_our_words_and_over_them_the_tenants():
    german, english = texts_in("de", SETTINGS), texts_in("en", SETTINGS)
    swiss, brazilian = texts_in("de-CH", SETTINGS), texts_in("pt-BR", SETTINGS)

    assert (german["send"], german["open"], german["close"]) == (
        "Absenden", "Frag uns", "Chat schließen",
    )  # fmt: skip
    assert (english["send"], english["open"]) == ("Go", TEXTS["open"])
    assert (swiss["send"], swiss["open"]) == ("Abschicken", "Frag uns")
    assert (brazilian["send"], brazilian["open"], brazilian["end"]) == (
        "Enviar", "Abrir", TEXTS["end"],
    )  # fmt: skip
    assert [direction_of(locale) for locale in ("ar-EG", "he", "de", "en")] == [
        "rtl", "rtl", "ltr", "ltr",
    ]  # fmt: skip


def test_the_config_speaks_the_visitors_language(shop, client):
    with shop.scope():
        shop.bubble.settings = {
            "languages": ["en", "de", "ar"],
            "texts": {"send": "Go"},
            "translations": {"de": {"send": "Ab"}},
            "preChatForm": {"enabled": True},
        }
        shop.bubble.save()

    main, german, arabic = (client.get(f"config?locale={asked}") for asked in ("", "de-AT", "ar"))

    shown = [answer.json()["config"] for answer in (main, german, arabic)]
    assert [config["locale"] for config in shown] == ["en", "de", "ar"]
    assert [config["direction"] for config in shown] == ["ltr", "ltr", "rtl"]
    assert [config["texts"]["send"] for config in shown] == ["Go", "Ab", "إرسال"]
    assert shown[1]["preChatForm"]["fields"] == [
        {"name": "name", "label": "Name", "type": "text", "required": False},
        {"name": "email", "label": "E-Mail", "type": "email", "required": False},
    ]
    assert len({answer.headers["ETag"] for answer in (main, german, arabic)}) == 3
    known = {"If-None-Match": german.headers["ETag"]}
    assert client.get("config?locale=de", headers=known).status_code == 304
    assert client.get("config?locale=ar", headers=known).status_code == 200
    begun = client.post("session", json={"locale": "ar"}).json()["config"]
    assert begun["direction"] == "rtl"


def test_what_the_tenant_says_elsewhere_is_translated_too(shop, client):
    field = {"name": "order", "label": "Order number", "type": "text", "required": True}
    said = {
        "languages": ["en", "de", "fr"],
        "preChatForm": {"enabled": True, "fields": [field]},
        "popups": {"enabled": True, "messages": ["Hello", "Still there?"]},
        "triggers": [{"event": "exit", "message": "Wait!"}],
        "translations": {
            "de": {"preChatForm.order": "Bestellnummer", "popups.2": "Noch da?"},
            "fr": {"triggers.1": "Attendez !", "send": "Envoyer"},
        },
    }
    with shop.scope():
        shop.bubble.settings = said
        shop.bubble.full_clean()
        shop.bubble.save()

    shown = {
        asked: client.get(f"config?locale={asked}").json()["config"] for asked in ("en", "de", "fr")
    }

    assert {
        asked: (
            config["preChatForm"]["fields"][0]["label"],
            config["popups"]["messages"],
            config["triggers"][0]["message"],
        )
        for asked, config in shown.items()
    } == {
        "en": ("Order number", ["Hello", "Still there?"], "Wait!"),
        "de": ("Bestellnummer", ["Hello", "Noch da?"], "Wait!"),
        "fr": ("Order number", ["Hello", "Still there?"], "Attendez !"),
    }
    assert not any("." in name for name in shown["de"]["texts"])
    for name, text, problem in (
        ("popups.3", "Hallo", "translations.de.popups.3: There is no such field"),
        ("preChatForm.order", "", "translations.de.preChatForm.order: This field may not be blank"),
    ):
        wrong = {**said, "translations": {"de": {name: text}}}
        with pytest.raises(ValidationError, match=problem):
            cleaned_settings(wrong)
