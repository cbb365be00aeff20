"""The inbox in the browser: one page for all its paths, as its script does the rest."""

import re
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
SOURCES = re.compile(r"sources (\w+)")


@require_safe
def page(request: HttpRequest, place: str = "") -> HttpResponse:
    """The same whatever the path says: only the script knows who may see what."""
    response = render(request, "dashboard/inbox.html", {"version": _version()})
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _version() -> str:
    """Changes with the build, so that no browser goes on with files of an older one."""
    return _read_version() if settings.DEBUG else _read_version_once()


def _read_version() -> str:
    with (DIST / "dashboard.js").open() as built:
        found = SOURCES.search(built.readline())
    assert found is not None
    return found[1][:VERSION_LENGTH]


_read_version_once = cache(_read_version)
