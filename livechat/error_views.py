"""What Django shows where no view answers: our JSON to programs, a plain sentence to people."""

from django.http import HttpRequest, HttpResponse

from tenants import rest
from tenants.errors import BadRequest, Forbidden, LiveChatError, NotFound


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, BadRequest())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, rest.InternalError())


def _answer(request: HttpRequest, error: LiveChatError) -> HttpResponse:
    if request.path.startswith("/api/"):
        return rest.error_reply(error)
    text = f"{error.message}\n"
    return HttpResponse(text, status=error.status, content_type="text/plain; charset=utf-8")
