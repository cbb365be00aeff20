"""The API's description: names of components, and the error that any operation may answer."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

ERROR = {
    "type": "object",
    "required": ["success", "error", "code", "requestId"],
    "properties": {
        "success": {"type": "boolean", "const": False},
        "error": {"type": "string", "description": "One sentence."},
        "code": {"type": "string", "description": "For programs; it never changes."},
        "requestId": {"type": "string"},
    },
}
# By the room that a view is in.
WHOSE = {"tenants": "log-in", "dashboard": "team", "gateways": "team", "widgets": "visitor"}
REFERENCE = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


class Schema(AutoSchema):
    """Names a view's nested ``Input`` after the view, and groups operations by whose they are."""

    def get_tags(self) -> list[str]:
        return [WHOSE[type(self.view).__module__.partition(".")[0]]]

    def get_serializer_name(self, serializer: serializers.Serializer, direction: Direction) -> str:
        view, _, name = type(serializer).__qualname__.rpartition(".")
        return view.removesuffix("View") + name


def add_errors(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Every operation may be refused, always in the same form."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["4XX"] = {"description": "Refused.", "content": REFERENCE}
    return result
