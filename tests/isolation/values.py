"""Whose ids are shown, as seen by whoever shows them, and what else is put in their place."""

import base64

from tenants.ids import uuid7

OWN, OTHER_TENANTS, OTHER_VISITORS = "own", "other tenant's", "other visitor's"
OTHER_DOORS, DELETED, RANDOM = "another door's", "deleted", "random"
OTHER_KINDS, NULL = "of another kind", "null"
NUMBER, BOOLEAN, LIST, OBJECT = "number", "boolean", "list", "object"
MALFORMED, LONG, EMPTY = "malformed", "long", "empty"

FOREIGN = (OTHER_TENANTS, OTHER_VISITORS, OTHER_DOORS, DELETED, RANDOM, OTHER_KINDS)
SHAPES = (NULL, NUMBER, BOOLEAN, LIST, OBJECT, MALFORMED, LONG, EMPTY)
VALUES = (OWN, *FOREIGN, *SHAPES)
# Of these kinds a visitor has their own; of all others the tenant has.
VISITORS = {
    "attachment",
    "approvable",
    "call",
    "contact",
    "conversation",
    "key",
    "label",
    "message",
    "secret",
    "unsent",
}
# Of these nothing is ever deleted, or what is deleted was never kept.
NEVER_DELETED = {"cursor", "key", "user", "team file"}


def applies(kind, value):
    if kind == "refresh" and value == OTHER_TENANTS:
        # Whoever has one is its owner: nothing beside it says who is asking.
        return False
    if value in (OTHER_VISITORS, OTHER_DOORS):
        return kind in VISITORS
    return value != DELETED or kind not in NEVER_DELETED


def shaped(value, own):
    """What stands in the place of an id that is not of its type."""
    return {
        NULL: None,
        NUMBER: 7,
        BOOLEAN: True,
        LIST: [own],
        OBJECT: {"id": own},
        MALFORMED: "x' or 1=1 --",
        LONG: "9" * 400,
        EMPTY: "",
    }[value]


def made_up(kind):
    """An id of this kind that is nobody's."""
    text = str(uuid7())
    if kind == "secret":
        return f"ss_{uuid7().hex}"
    if kind == "cursor":
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return [text] if kind in ("unsent", "team file", "members", "conversations") else text
