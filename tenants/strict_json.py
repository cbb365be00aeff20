"""One strict reading of JSON for every door, so that nothing that PostgreSQL or a second parser
would read differently comes in."""

import json
import math
from typing import Any, NoReturn

from tenants.errors import BadRequest, UnsupportedMediaType

MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1
# Commas and brackets, also within texts: the least that many values need. Each value costs a
# microsecond, during which nobody else is served.
MAX_SIGNS = 50_000
ACCEPTED_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}


def loads(data: bytes | str) -> Any:
    """The value written in ``data``, or ``malformed_json`` for anything that is not plain JSON."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        brackets = text.count("[") + text.count("{")
        if brackets + text.count(",") > MAX_SIGNS:
            raise malformed("The JSON holds too many values.")
        value = _decoder.decode(text)
    except (ValueError, RecursionError):
        raise malformed() from None
    # Only these texts can hold what the decoder lets through; all others are spared the walk.
    if "\\u" in text or not text.isascii() or brackets > MAX_DEPTH:
        _check(value, depth=0)
    return value


def loads_object(data: bytes | str) -> dict[str, Any]:
    """The JSON object written in ``data``; requests and frames are never anything else."""
    value = loads(data)
    if not isinstance(value, dict):
        raise malformed("The JSON must be an object.")
    return value


def require_json(content_type: str) -> None:
    """Refuse a body not labelled as JSON: only that label makes a browser ask before it sends."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and "+json" in kind):
        raise UnsupportedMediaType("The content type must be application/json.")
    require_utf8(content_type)


def require_utf8(content_type: str) -> None:
    """Refuse every named charset but UTF-8; Django fails on some that Python knows."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "charset":
            continue
        if value.strip().strip('"').lower() not in ACCEPTED_CHARSETS:
            raise UnsupportedMediaType("The charset must be UTF-8.")


def malformed(message: str = "The JSON is malformed.") -> BadRequest:
    return BadRequest(message, code="malformed_json")


def _check(value: Any, *, depth: int) -> None:
    if isinstance(value, str):
        if "\0" in value or not is_encodable(value):
            raise malformed()
        return
    if not isinstance(value, dict | list):
        return
    if depth == MAX_DEPTH:
        raise malformed("The JSON is nested too deeply.")
    for item in value:
        _check(item, depth=depth + 1)
    if isinstance(value, dict):
        for item in value.values():
            _check(item, depth=depth + 1)


def is_encodable(text: str) -> bool:
    """False for half a surrogate pair, which neither UTF-8 nor PostgreSQL can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= 20 else MAX_INTEGER + 1
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("integer out of range")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


_decoder = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)
