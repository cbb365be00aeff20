"""The inbox in the browser: one page for all its paths, as its script does the rest."""

import hashlib
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from widgets.assets import DIST, VERSION_LENGTH

# Pictures in conversations are fetched with the member's token, and shown from memory.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "connect-src 'self'; img-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FILES = ("dashboard.js", "dashboard.css")


@require_safe
def page(request: HttpRequest, place: str = "") -> HttpResponse:
    """The same whatever the path says: only the script knows who may see what."""
    response = render(request, "dashboard/inbox.html", {"version": version()})
    response.headers["Content-Security-Policy"] = POLICY
    return response


def version() -> str:
    """Changes with the built files, so that no browser goes on with older ones."""
    return _digest() if settings.DEBUG else _digest_once()


def _digest() -> str:
    built = hashlib.sha256(b"".join((DIST / file).read_bytes() for file in FILES))
    return built.hexdigest()[:VERSION_LENGTH]


_digest_once = cache(_digest)
