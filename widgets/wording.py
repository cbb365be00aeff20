"""The words of bubbles in the languages that come with us, and which of them a visitor reads.

``texts/<language>.json`` holds them; a place in braces is filled in by the client.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tenants.languages import base_of

MAIN_LANGUAGE = "en"
BUILT_IN: dict[str, dict[str, str]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "texts").glob("*.json"))
}
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
    translations = settings.get("translations", {})
    is_main = locale == main_language(settings.get("languages", ()))
    return {
        **built_in(locale),
        **translations.get(base_of(locale), {}),
        **translations.get(locale, {}),
        **(settings.get("texts", {}) if is_main else {}),
    }
