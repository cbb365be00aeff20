"""How every REST answer of ours looks, errors included."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse

from tenants import context
from tenants.errors import LiveChatError


class MethodNotAllowed(LiveChatError):
    """This method is not allowed here."""

    status, code = 405, "method_not_allowed"


class InternalError(LiveChatError):
    """Something went wrong on our side."""

    status, code = 500, "internal"


def encode(data: Any) -> bytes:
    text = json.dumps(
        data, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return text.encode()


def reply(data: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        encode(data), content_type="application/json", status=status, headers=headers
    )


def error_body(error: LiveChatError) -> dict[str, Any]:
    return {
        "success": False,
        "error": error.message,
        "code": error.code,
        "requestId": context.request_id.get(),
        **error.extra,
    }


def error_headers(error: LiveChatError) -> dict[str, str]:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return headers


def error_reply(error: LiveChatError) -> HttpResponse:
    return reply(error_body(error), status=error.status, headers=error_headers(error))
