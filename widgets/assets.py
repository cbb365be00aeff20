"""The script that pages include, under a name that never changes, and the chunks it fetches."""

import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

DIST = settings.BASE_DIR / "static" / "dist"
SCRIPT = "chat-widget.js"
CHUNKS = frozenset(path.name for path in DIST.glob("chat-widget-*.js"))
# As in frontend/build.mjs.
VERSION_LENGTH = 8
HEADERS = {
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
    # Any page may include it, those that isolate themselves from other sites as well.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
FOREVER = "public, max-age=31536000, immutable"


@require_safe
def chat_widget(request: HttpRequest) -> HttpResponse:
    return _answer(request, SCRIPT)


@require_safe
def chunk(request: HttpRequest, name: str) -> HttpResponse:
    """A part of the script; a request that names its version may keep it for ever."""
    file = f"chat-widget-{name}.js"
    if file not in CHUNKS:
        raise Http404
    response = _answer(request, file)
    if request.GET.get("v") == _version(file):
        response.headers["Cache-Control"] = FOREVER
    return response


def _answer(request: HttpRequest, file: str) -> HttpResponse:
    response = _script(request, file)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _version(file: str) -> str:
    """The beginning of the digest of its sources, which its first line tells."""
    with (DIST / file).open(encoding="utf-8") as built:
        return built.readline().partition("sources ")[2][:VERSION_LENGTH]


def _digest(request: HttpRequest, file: str) -> str:
    digest = hashlib.sha256((DIST / file).read_bytes()).hexdigest()
    return f'"{digest[:32]}"'


@gzip_page
@etag(_digest)
def _script(request: HttpRequest, file: str) -> HttpResponse:
    return HttpResponse((DIST / file).read_bytes(), content_type="text/javascript; charset=utf-8")
