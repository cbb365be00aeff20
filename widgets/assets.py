"""The script that pages include, under a name that never changes."""

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

SCRIPT = settings.BASE_DIR / "static" / "dist" / "chat-widget.js"
HEADERS = {
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
    # Any page may include it, those that isolate themselves from other sites as well.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@require_safe
def chat_widget(request: HttpRequest) -> HttpResponse:
    response = _script(request)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _digest(request: HttpRequest) -> str:
    return f'"{hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:32]}"'


@gzip_page
@etag(_digest)
def _script(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8")
