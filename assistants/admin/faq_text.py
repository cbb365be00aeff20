"""An FAQ as operators write it: ``Q:``, any number of ``Or:``, and ``A:`` up to the next ``Q:``."""

import json
import re
from typing import Any

from tenants.errors import BadRequest

LABEL = re.compile(r"^(Q|Or|A):[ \t]*", re.IGNORECASE | re.MULTILINE)


def read_faq(text: str) -> list[dict[str, Any]]:
    """The questions of a text in this form, or of the JSON list that it stands for."""
    if text.lstrip().startswith("["):
        return _read_json(text)
    before, *parts = LABEL.split(text)
    if before.strip():
        raise _invalid("Begin each question with “Q:”.")
    items: list[dict[str, Any]] = []
    for label, value in zip(parts[::2], parts[1::2], strict=True):
        _add(items, label.lower(), value.strip())
    return items


def write_faq(items: list[dict[str, Any]]) -> str:
    """The same questions as text again."""
    return "\n\n".join(
        "\n".join(
            [
                f"Q: {item['question']}",
                *(f"Or: {variant}" for variant in item.get("variants", [])),
                f"A: {item['answer']}",
            ]
        )
        for item in items
    )


def _add(items: list[dict[str, Any]], label: str, value: str) -> None:
    if label == "q":
        items.append({"question": value, "variants": []})
    elif not items:
        raise _invalid("Begin each question with “Q:”.")
    elif label == "or":
        items[-1]["variants"].append(value)
    elif "answer" in items[-1]:
        raise _invalid(f"“{items[-1]['question']}” has two answers.")
    else:
        items[-1]["answer"] = value


def _read_json(text: str) -> list[dict[str, Any]]:
    try:
        return list(json.loads(text))
    except (ValueError, RecursionError):
        raise _invalid("The list of questions is not valid JSON.") from None


def _invalid(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="faq_invalid")
