"""The secret headers of a tool's calls: one on each line, as ``Name: value``."""

import re

from tenants.errors import BadRequest

LINES = 20
LONGEST_LINE = 4_000
NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
# What the connection needs, and what we say ourselves.
OURS = {
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-livechat-conversation",
}


def parse_headers(text: str) -> dict[str, str]:
    """The headers by name. Raises BadRequest ``invalid_headers``, which never quotes a value."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > LINES:
        raise _bad(f"There may be at most {LINES} headers.")
    headers: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            raise _bad(f"Line {number} is not of the form “Name: value”.")
        if len(line) > LONGEST_LINE:
            raise _bad(f"Line {number} is too long.")
        if name.lower() in OURS or name.lower() in {known.lower() for known in headers}:
            raise _bad(f"{name} cannot be set here, or is set twice.")
        headers[name] = value
    return headers


def _bad(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="invalid_headers")
