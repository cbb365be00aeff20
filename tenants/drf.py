"""What makes Django REST framework speak our dialect: strict JSON in, our errors out."""

import logging
import math
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from tenants import rest, strict_json
from tenants.errors import (
    BadRequest,
    Forbidden,
    LiveChatError,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from tenants.outages import FAILURES, outage

logger = logging.getLogger(__name__)

KINDS: list[tuple[type[Exception], type[LiveChatError]]] = [
    (exceptions.NotAuthenticated, Unauthorized),
    (exceptions.AuthenticationFailed, Unauthorized),
    (exceptions.PermissionDenied, Forbidden),
    (exceptions.NotFound, NotFound),
    (exceptions.MethodNotAllowed, rest.MethodNotAllowed),
    (exceptions.UnsupportedMediaType, UnsupportedMediaType),
    (exceptions.Throttled, TooManyRequests),
    (PermissionDenied, Forbidden),
    (Http404, NotFound),
    (RequestDataTooBig, TooLarge),
    (SuspiciousOperation, BadRequest),
]


class StrictJSONParser(BaseParser):
    """JSON as every other door reads it; always an object."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        strict_json.require_json(media_type or "")
        return strict_json.loads_object(stream.read())


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Answer whatever a view raised."""
    translated = translate(error)
    headers = rest.error_headers(translated)
    if isinstance(error, exceptions.MethodNotAllowed) and "view" in context:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(rest.error_body(translated), status=translated.status, headers=headers)


def translate(error: Exception) -> LiveChatError:
    """Return one of our errors for any exception that may end a request.

    What nobody foresaw is logged here, as the caller hears nothing of it.
    """
    if isinstance(error, LiveChatError):
        return error
    if isinstance(error, FAILURES):
        return outage(error)
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    for kind, ours in KINDS:
        if isinstance(error, kind):
            return ours(retry_after=_wait(error))
    if isinstance(error, exceptions.APIException) and error.status_code < 500:
        return BadRequest()
    logger.error("A request could not be answered", exc_info=error)
    return rest.InternalError()


def _invalid(error: exceptions.ValidationError) -> LiveChatError:
    fields = {".".join(path): message for path, message in _problems(error.detail)}
    path, message = next(iter(fields.items()), ("", "The request is not valid."))
    sentence = f"{path}: {message}" if path else message
    return BadRequest(sentence, code="invalid", extra={"fields": fields} if path else None)


def _problems(detail: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], str]]:
    """Yield each problem with the path of the field that has it."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else (*path, str(name))
            yield from _problems(inner, here)
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        for index, inner in enumerate(detail):
            yield from _problems(inner, (*path, str(index)))
    elif isinstance(detail, list):
        yield path, " ".join(map(str, detail))
    else:
        yield path, str(detail)


def _wait(error: Exception) -> int | None:
    wait = getattr(error, "wait", None)
    return None if wait is None else math.ceil(wait)
