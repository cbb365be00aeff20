"""Arguments and their JSON Schema."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match


def problems(schema: Mapping[str, Any], args: Any) -> str:
    """What is wrong with the arguments, in one sentence for the model; nothing if they fit."""
    found = best_match(Draft202012Validator(schema).iter_errors(args))
    return f"{found.json_path}: {found.message}"[:300] if found else ""
