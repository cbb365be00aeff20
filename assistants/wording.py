"""What assistants say where their owner wrote nothing: texts of ours, in the visitor's language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assistants.language import languages_of, match
from assistants.models import AssistantVersion
from assistants.phrases import LISTENERS, Phrases, phrases_of
from assistants.versions import VersionSnapshot

OURS = phrases_of("en")
TEXTS = ("offer_text", "handover_text", "unanswered_text")
# As the way in to a first assistant proposes it.
INTRODUCTION = re.compile(re.escape(OURS.introduction).replace(r"\{name\}", "(.{1,200})"))


def introduction(name: str) -> str:
    """What the first assistant of this company is proposed to say first."""
    return OURS.introduction.replace("{name}", name)


def greeting_in(written: str, phrases: Phrases) -> str:
    """A greeting as it was written, or in the language of ``phrases`` if it is ours."""
    if written == OURS.welcome:
        return phrases.welcome
    if found := INTRODUCTION.fullmatch(written):
        return phrases.introduction.replace("{name}", found[1])
    return written


def greeting_of(version: VersionSnapshot | AssistantVersion, language: str) -> str:
    """What the version says first to visitors who speak this language, if that is known."""
    return greeting_in(version.greeting, phrases_in(version, language))


def handover_text(version: VersionSnapshot | AssistantVersion, language: str) -> str:
    """What is said when a person is called."""
    is_ours = version.handover_text == OURS.handover_text
    return phrases_in(version, language).handover_text if is_ours else version.handover_text


def language_so_far(
    version: VersionSnapshot | AssistantVersion, named_language: str, language: str
) -> str:
    """The language of a conversation before anything new is said; empty if nothing tells it."""
    languages = languages_of(version)
    return match(named_language, languages) or match(language, languages)


def spoken_in(version: VersionSnapshot, language: str) -> VersionSnapshot:
    """The version with those of its texts in a language that its owner left as they were."""
    phrases = phrases_in(version, language)
    if phrases is OURS:
        return version
    ours = [name for name in TEXTS if getattr(version, name) == getattr(OURS, name)]
    return replace(version, **{name: getattr(phrases, name) for name in ours})


def without_source(text: str, citations: Sequence[Mapping[str, Any]]) -> str:
    """A quoted passage without the line that says where it was found."""
    head, gap, quoted = text.partition("\n\n")
    if not (gap and citations):
        return text
    title = citations[0]["title"]
    said = {one.phrases.quoted_from.replace("{title}", title) for one in LISTENERS.values()}
    return quoted if head in said else text


def phrases_in(version: VersionSnapshot | AssistantVersion, language: str) -> Phrases:
    """Ours in this language, or else in the assistant's main one."""
    return phrases_of(language or languages_of(version)[0])
