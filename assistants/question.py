"""What an engine is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assistants.versions import VersionSnapshot


@dataclass(frozen=True)
class Question:
    """A visitor's words, and all that an answer may depend on.

    ``history`` is what was said before, oldest first, as (who, what). ``variables`` and
    ``additional_input`` come from the client: data, never instructions. ``offered`` are the choices
    that the visitor could tap on, ``unanswered`` the questions in a row before this one that had no
    answer. ``named_language`` was asked for, ``language`` was used so far; ``paused`` is the state
    of a Pause to go on from.
    """

    version: VersionSnapshot
    text: str
    history: Sequence[tuple[str, str]] = ()
    conversation_id: UUID | None = None
    named_language: str = ""
    language: str = ""
    flow: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    additional_input: Mapping[str, Any] = field(default_factory=dict)
    offered: Sequence[str] = ()
    unanswered: int = 0
    paused: Mapping[str, Any] | None = None
