"""What is known of languages by their codes alone, such as ``de`` or ``pt-BR``."""

import json
from pathlib import Path

MAIN_LANGUAGE = "en"

RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


def base_of(language: str) -> str:
    return language.lower().partition("-")[0]


def direction_of(language: str) -> str:
    return "rtl" if base_of(language) in RIGHT_TO_LEFT else "ltr"


def read_texts(folder: Path) -> dict[str, dict[str, str]]:
    """The words that come with us, by their language: one ``<language>.json`` for each."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }
