"""Questions with their answers, and the other ways in which people ask them."""

import json
from typing import Any

from assistants.knowledge.passages import Passage
from tenants.errors import BadRequest

MAX_QUESTION, MAX_ANSWER, MAX_VARIANTS = 500, 5_000, 50


def dump(items: list[dict[str, Any]]) -> bytes:
    return json.dumps(items, ensure_ascii=False).encode()


def passages(items: Any) -> list[Passage]:
    """One passage an item of ``[{"question", "variants": [...], "answer"}]``."""
    if not isinstance(items, list):
        raise _invalid("An FAQ is a list of questions with answers.")
    return [_passage(number, item) for number, item in enumerate(items, start=1)]


def _passage(number: int, item: Any) -> Passage:
    if not isinstance(item, dict):
        raise _invalid(f"Item {number} is not a question with an answer.")
    variants = item.get("variants", [])
    if not isinstance(variants, list) or len(variants) > MAX_VARIANTS:
        raise _invalid(f"Item {number} has variants that are not a list of at most 50.")
    return Passage(
        title=_text(item.get("question"), MAX_QUESTION, f"The question of item {number}"),
        text=_text(item.get("answer"), MAX_ANSWER, f"The answer of item {number}"),
        variants=tuple(
            _text(variant, MAX_QUESTION, f"A variant of item {number}") for variant in variants
        ),
        is_answer=True,
    )


def _text(value: Any, limit: int, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _invalid(f"{what} is missing.")
    if len(value) > limit:
        raise _invalid(f"{what} is longer than {limit} characters.")
    return value.strip()


def _invalid(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="faq_invalid")
