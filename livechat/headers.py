"""The headers that every answer carries, unless its view set its own."""

from collections.abc import Sequence

from django.conf import settings

from livechat.asgi_types import Scope
from tenants import context

Header = tuple[bytes, bytes]

COMMON: list[Header] = [
    (b"cache-control", b"private, no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
STRICT_TRANSPORT: Header = (b"strict-transport-security", b"max-age=31536000")

PAGE = (
    "default-src 'self'; img-src 'self'{images}; style-src 'self'{styles}; "
    "script-src 'self'{scripts}; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
INLINE = " 'unsafe-inline'"
# The mock page around a bubble, whose images may be anywhere and whose socket is our own.
FRAMED = (
    "default-src 'self'; img-src 'self' https: http: data: blob:; connect-src 'self' {socket}; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# First match wins. The admin's Alpine.js compiles the expressions in its templates.
CONTENT_POLICIES: list[tuple[str, str]] = [
    ("/admin/", PAGE.format(images=" data: blob:", styles=INLINE, scripts=" 'unsafe-eval'")),
    ("/api/docs", PAGE.format(images=" data:", styles=INLINE, scripts="")),
    ("/api/", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("", PAGE.format(images="", styles="", scripts="")),
]


def missing_headers(scope: Scope, headers: Sequence[Header]) -> list[Header]:
    """Return what ``headers`` lack."""
    present = {name.lower() for name, _ in headers}
    ours = [*COMMON, (b"content-security-policy", _content_policy(scope["path"]))]
    if settings.REQUIRE_HTTPS and scope["scheme"] == "https":
        ours.append(STRICT_TRANSPORT)
    if _lets_somebody_frame(headers):
        present.add(b"x-frame-options")
    missing = [header for header in ours if header[0] not in present]
    return [*missing, (b"x-request-id", context.request_id.get().encode("ascii"))]


def _lets_somebody_frame(headers: Sequence[Header]) -> bool:
    """Whether the answer's own policy does, which the older header would contradict."""
    return any(
        name.lower() == b"content-security-policy"
        and b"frame-ancestors" in value
        and b"frame-ancestors 'none'" not in value
        for name, value in headers
    )


def _content_policy(path: str) -> bytes:
    found = next(policy for prefix, policy in CONTENT_POLICIES if path.startswith(prefix))
    return found.encode("ascii")
