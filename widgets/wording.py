"""The words of bubbles in the languages that come with us, and which of them a visitor reads.

``texts/<language>.json`` holds them; a place in braces is filled in by the client.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from tenants.languages import MAIN_LANGUAGE, base_of, read_texts

BUILT_IN = read_texts(Path(__file__).parent / "texts")
TEXTS = BUILT_IN[MAIN_LANGUAGE]


def best_locale(asked: str, languages: Sequence[str]) -> str:
    """The one of a bubble's languages that suits a visitor who asks for ``asked``, else the first.

    ``de-AT`` is as good as ``de`` where there is no ``de-AT``, and ``de`` as good as ``de-CH``.
    """
    wanted = asked.strip().replace("_", "-").lower()
    known = {language.lower(): language for language in reversed(languages)}
    by_base = {base_of(language): language for language in reversed(languages)}
    return known.get(wanted) or by_base.get(base_of(wanted)) or main_language(languages)


def main_language(languages: Sequence[str]) -> str:
    return languages[0] if languages else MAIN_LANGUAGE


def built_in(locale: str) -> dict[str, str]:
    """Our own words in this language, or in English where we have none."""
    return BUILT_IN.get(base_of(locale), TEXTS)


def texts_in(locale: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """All words of a bubble in one of its languages; ``settings`` are the stored ones.

    The tenant's ``texts`` are written in the first language, ``translations`` in the others.
    """
    is_main = locale == main_language(settings.get("languages", ()))
    translated = _translated(locale, settings)
    return {
        **built_in(locale),
        **{name: text for name, text in translated.items() if not is_own(name)},
        **(settings.get("texts", {}) if is_main else {}),
    }


def with_own_words(locale: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a bubble, with what the tenant says in them in one of its languages."""
    told = deepcopy(dict(settings))
    if locale != main_language(settings["languages"]):
        translated = _translated(locale, settings)
        for name, place, key in own_words(told):
            place[key] = translated.get(name, place[key])
    return told


def own_words(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What the tenant says that is none of the texts: its name in translations, and where it is.

    Labels are named by their field, popups and triggers by their number.
    """
    for field in settings["preChatForm"]["fields"]:
        yield f"preChatForm.{field['name']}", field, "label"
    messages = settings["popups"]["messages"]
    for place in range(len(messages)):
        yield f"popups.{place + 1}", messages, place
    for number, trigger in enumerate(settings["triggers"], 1):
        yield f"triggers.{number}", trigger, "message"


def is_own(name: str) -> bool:
    """Whether translations mean something by this name that is none of the texts."""
    return "." in name


def _translated(locale: str, settings: Mapping[str, Any]) -> dict[str, str]:
    translations = settings.get("translations", {})
    return {**translations.get(base_of(locale), {}), **translations.get(locale, {})}


def line_in(texts: Mapping[str, str], line: Mapping[str, str] | None) -> str:
    """What a line of ours says to the visitor; empty for what is none, or is of another version."""
    if line is None:
        return ""
    return texts.get(f"{line['code']}Line", "").replace("{name}", line["name"])
