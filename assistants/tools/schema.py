"""JSON Schemas of tools' arguments: checked when they are written, and against what models ask."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from tenants import strict_json
from tenants.errors import BadRequest

SCHEMA_BYTES = 16 * 1024
SCHEMA_DEPTH = 12
ARGUMENTS_BYTES = 16 * 1024
SENTENCE_LENGTH = 300
REFERENCES = ("$ref", "$dynamicRef")
REFERENCES_LIMIT = 20
# Regular expressions may take for ever, and nothing else runs meanwhile.
EXPRESSIONS = {"pattern": str, "patternProperties": dict}
# They would give the schema, or a part of it, an address of its own.
ADDRESSES = ("$id", "$schema", "$vocabulary")
# Empty, so that nothing is ever fetched.
NOTHING_ELSEWHERE: "Registry[Any]" = Registry()


def check_parameters(schema: Any) -> None:
    """Raises BadRequest ``invalid_schema``, which says what is wrong, for any but a good schema."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise _bad("The schema must be an object of type “object”.")
    _check_json(schema)
    for name, value, _ in _entries(schema):
        if name in ADDRESSES and isinstance(value, str):
            raise _bad(f"The schema must do without {name}.")
    _check_effort(schema)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _bad(f"{_place(error)}{_shortened(error.message)}") from None


def problems(schema: dict[str, Any], arguments: Any) -> str:
    """What is wrong with the arguments, as one sentence for the model; empty if nothing is."""
    if text := _unfit(arguments):
        return text
    try:
        _check_effort(schema)
        validator = Draft202012Validator(schema, registry=NOTHING_ELSEWHERE)
        error = best_match(validator.iter_errors(arguments))
    except (BadRequest, RecursionError, Unresolvable):
        # Of a schema that was never checked, or by older rules.
        return "The arguments cannot be checked."
    if error is None:
        return ""
    return f"The arguments are not valid: {_place(error)}{_shortened(error.message)}."


def _unfit(arguments: Any) -> str:
    """What keeps arguments from being stored or sent, whatever the schema says."""
    if not isinstance(arguments, dict):
        return "The arguments must be an object."
    try:
        text = json.dumps(arguments)
        strict_json.loads(text)
    except (BadRequest, TypeError, ValueError, RecursionError):
        return "The arguments are not plain JSON."
    return "The arguments are too large." if len(text) > ARGUMENTS_BYTES else ""


def _check_json(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    if len(text) > SCHEMA_BYTES:
        raise _bad(f"The schema has more than {SCHEMA_BYTES // 1024} KiB.")
    try:
        strict_json.loads(text)
    except BadRequest as error:
        raise _bad(error.message) from None


def _entries(value: Any, depth: int = 0) -> Iterator[tuple[str, Any, int]]:
    """Each name and value in the schema, and how deep it lies."""
    if depth > SCHEMA_DEPTH + 1:
        return
    if not isinstance(value, dict | list):
        return
    named = value.items() if isinstance(value, dict) else (("", item) for item in value)
    for name, inner in named:
        yield name, inner, depth
        yield from _entries(inner, depth + 1)


def _check_effort(schema: dict[str, Any]) -> None:
    """Refuse what makes a small schema a long work, for whoever has to wait for it."""
    references = 0
    for name, value, depth in _entries(schema):
        if depth > SCHEMA_DEPTH:
            raise _bad(f"The schema is nested more than {SCHEMA_DEPTH} levels deep.")
        if isinstance(value, EXPRESSIONS.get(name, ())):
            raise _bad(
                f"The schema must do without {name}: a regular expression may take for ever. Check "
                "it on your server, and say in the description what you expect."
            )
        if _is_reference(name, value):
            references += 1
            if references > REFERENCES_LIMIT:
                raise _bad(f"The schema has more than {REFERENCES_LIMIT} $refs.")
            _check_reference(schema, value)


def _is_reference(name: str, value: Any) -> bool:
    return name in REFERENCES and isinstance(value, str)


def _check_reference(schema: dict[str, Any], target: str) -> None:
    """Only to a part of the schema that refers to nothing: chains grow with each link."""
    if not target.startswith("#"):
        raise _bad("A $ref may point only to the schema itself, as in “#/$defs/address”.")
    resource = DRAFT202012.create_resource(schema)
    try:
        part = NOTHING_ELSEWHERE.resolver_with_root(resource).lookup(target).contents
    except Unresolvable:
        raise _bad(f"There is no {_shortened(target)} in the schema.") from None
    if any(_is_reference(name, value) for name, value, _ in _entries(part)):
        raise _bad(f"{_shortened(target)} must do without a $ref, since a $ref points to it.")


def _place(error: ValidationError | SchemaError) -> str:
    path = ".".join(map(str, error.absolute_path))
    return f"{_shortened(path)}: " if path else ""


def _shortened(text: str) -> str:
    return text if len(text) <= SENTENCE_LENGTH else text[: SENTENCE_LENGTH - 1] + "…"


def _bad(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="invalid_schema")
