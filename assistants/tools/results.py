"""Results of calls as models are told them, and arguments as the team is."""

import json
from typing import Any

RESULT_CHARACTERS = 8_000
ERROR_CHARACTERS = 1_000
ARGUMENTS_CHARACTERS = 500
LEFT_OUT = " … (the rest is left out)"
SILENT = "The call succeeded; the answer is empty."


def told(result: Any) -> str:
    """Any JSON as text, as long as a model should read it."""
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return shortened(text.strip(), RESULT_CHARACTERS) or SILENT


def arguments(args: dict[str, Any]) -> str:
    """A call's arguments as the team reads them."""
    return shortened(json.dumps(args, ensure_ascii=False), ARGUMENTS_CHARACTERS)


def shortened(text: str, length: int) -> str:
    """The beginning of a text that is too long, with a note that there was more."""
    return text if len(text) <= length else text[: length - len(LEFT_OUT)] + LEFT_OUT
