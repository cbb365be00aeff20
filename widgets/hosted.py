"""A page of our own for a bubble: to link to, to print as a QR code, and to frame."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants.errors import LiveChatError
from tenants.network import normal_host, normal_origin
from widgets import nowhere
from widgets.bubbles import config_of
from widgets.callers import Caller
from widgets.doors import opened
from widgets.models import Bubble

# Pictures of the tenant's may be anywhere; nothing else is.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: http: data: blob:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
QR_SECONDS = 300
LONGEST_LOCALE = 35


def address_of(code: str) -> str:
    return f"{settings.PUBLIC_URL}/chat/{code}"


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    try:
        with opened(Caller(widget_id=code)) as door:
            context, bubble = _context(request, door.bubble), door.bubble
    except LiveChatError:
        return nowhere.answer(request)
    response = render(request, "widgets/chat.html", context)
    response.headers["Content-Security-Policy"] = POLICY.format(ancestors=ancestors(bubble))
    return response


@require_safe
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The page's address as a picture, dark on light whatever it is shown on."""
    try:
        with opened(Caller(widget_id=code)) as door:
            address = address_of(door.bubble.code)
    except LiveChatError:
        return nowhere.answer(request)
    picture = BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture, kind="svg", scale=8, border=4, light="#fff", title=address
    )
    return HttpResponse(
        picture.getvalue(),
        content_type="image/svg+xml",
        headers={"Cache-Control": f"public, max-age={QR_SECONDS}"},
    )


def ancestors(bubble: Bubble) -> str:
    """Which pages may frame the bubble's page: those that may show the bubble, and our own."""
    if not (bubble.origins or bubble.domains):
        return "*"
    return " ".join(["'self'", *_sources(bubble)])


def _sources(bubble: Bubble) -> Iterator[str]:
    # The policy knows no addresses of IPv6, and no page without an origin.
    for text in bubble.origins:
        if (origin := normal_origin(text.strip())) and "[" not in origin:
            yield origin
    for text in bubble.domains:
        if (host := normal_host(text.strip())) and "[" not in host:
            yield from (f"{host}:*", f"*.{host}:*")


def _context(request: HttpRequest, bubble: Bubble) -> dict[str, Any]:
    """What the page shows without its script; its address's language goes first."""
    named = request.GET.get("locale", "")[:LONGEST_LOCALE]
    browsers = request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0]
    config = config_of(bubble, named or browsers.strip()[:LONGEST_LOCALE])
    look = config["widget"]
    return {
        "code": bubble.code,
        "title": look["title"] or config["name"],
        "language": config["locale"],
        "direction": config["direction"],
        "locale": config["locale"] if named else "",
        # Nobody can say here who they are.
        "refusal": config["texts"]["identityRequired"] if bubble.identity_required else "",
        "scheme": {"light": "light", "dark": "dark"}.get(look["darkMode"], "light dark"),
    }
