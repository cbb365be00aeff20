"""Which of an assistant's languages a visitor writes."""

import re
import threading
from collections.abc import Sequence
from copy import copy
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from assistants.models import AssistantVersion
from assistants.question import Question
from assistants.versions import VersionSnapshot

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

DEFAULT = "en"
# Of shorter ones a third is taken for another language.
LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1_000
# What looks the same in every language: addresses, numbers and names with digits.
WITHOUT_LANGUAGE = re.compile(r"\S*[\d@/_]\S*")
# What browsers say for what the library calls by another name.
ALIASES = {"nb": "no"}


def languages_of(version: VersionSnapshot | AssistantVersion) -> tuple[str, ...]:
    """What the assistant speaks, its main language first."""
    return tuple(version.languages) or (DEFAULT,)


def match(wanted: str, languages: Sequence[str]) -> str:
    """The one of ``languages`` that serves who asked for ``wanted``, or an empty text.

    ``de-AT`` is served by ``de``, and ``pt`` by ``pt-BR``.
    """
    tag = wanted.replace("_", "-").lower()
    known = {language.lower(): language for language in reversed(languages)}
    while tag and tag not in known:
        shorter = tag.rpartition("-")[0]
        if not shorter:
            return next((one for one in languages if base(one) == tag), "")
        tag = shorter
    return known.get(tag, "")


def base(language: str) -> str:
    """``pt`` for ``pt-BR``."""
    return re.split("[-_]", language, maxsplit=1)[0].lower()


def language_of(question: Question) -> str:
    """The language to answer in; empty as long as nothing tells it.

    The one that was named is always obeyed. What was used so far stays until two messages in a row
    are in another language: a quotation or a name shall not turn a conversation around. Takes half
    a second the first time.
    """
    languages = languages_of(question.version)
    if len(languages) == 1:
        return languages[0]
    if named := match(question.named_language, languages):
        return named
    stored = match(question.language, languages)
    found = detected(question.text, languages)
    if not stored or found in ("", stored):
        return stored or found
    return found if detected(_previous(question), languages) == found else stored


def detected(text: str, languages: Sequence[str]) -> str:
    """The language that a message is in, or an empty text where that is doubtful."""
    if len(text.strip()) < LEAST_CHARACTERS:
        return ""
    language, confidence = likeliest(text, languages)
    return language if confidence > 0.5 else ""


def likeliest(text: str, languages: Sequence[str]) -> tuple[str, float]:
    """The likeliest of ``languages``, and its probability if it is one of them."""
    codes = {_code(language): language for language in reversed(languages)}
    if len(codes) == 1:
        return languages[0], 1.0
    identifier = _identifier(tuple(codes))
    if identifier is None:
        return languages[0], 0.0
    shares = dict(identifier.rank(WITHOUT_LANGUAGE.sub(" ", text[:MOST_CHARACTERS]).strip()))
    # The first of equals is the assistant's main language.
    best = max((_code(one) for one in languages), key=lambda code: shares.get(code, 0.0))
    return codes[best], round(shares.get(best, 0.0), 3)


def _previous(question: Question) -> str:
    return next((what for who, what in reversed(question.history) if who == "visitor"), "")


def _code(language: str) -> str:
    return ALIASES.get(base(language), base(language))


@lru_cache(maxsize=64)
def _identifier(codes: tuple[str, ...]) -> "LanguageIdentifier | None":
    """The model restricted to these languages; None where it knows fewer than two of them."""
    with _loading:
        whole = _load()
    known = set(codes) & set(whole.labels)
    if len(known) < 2:
        return None
    restricted = copy(whole)
    restricted.set_languages(known)
    return restricted


_loading = threading.Lock()


@cache
def _load() -> "LanguageIdentifier":
    # Here, since the web processes know this module too and never detect anything.
    from py3langid.langid import (  # noqa: PLC0415 -- optional package
        MODEL_FILE,
        LanguageIdentifier,
    )

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
