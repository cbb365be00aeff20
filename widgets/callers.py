"""What a request or a socket says about where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from tenants.network import client_ip, is_own_origin, request_ip


@dataclass(frozen=True)
class Caller:
    """Nothing of this is proved yet. Who names no widget means the one that the token opens.

    ``is_own_page`` says whether it is a page of this very server that asks.
    """

    widget_id: str | None = None
    token: str = ""
    secret: str = ""
    origin: str | None = None
    is_own_page: bool = False
    ip: str | None = None
    user_agent: str = ""


def caller_of(request: HttpRequest | Request, widget_id: str | None = None) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return Caller(
        widget_id=widget_id,
        token=token.strip() if scheme.lower() == "bearer" else "",
        secret=request.headers.get("X-Session-Secret", ""),
        origin=request.headers.get("Origin"),
        is_own_page=is_own_origin(
            request.headers.get("Origin"), request.scheme or "", request.headers.get("Host", "")
        ),
        ip=request_ip(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def caller_on_socket(scope: Mapping[str, Any], *, token: str, secret: str) -> Caller:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return Caller(
        token=token,
        secret=secret,
        origin=headers.get(b"origin"),
        is_own_page=is_own_origin(
            headers.get(b"origin"), _page_scheme(scope), headers.get(b"host", "")
        ),
        ip=client_ip(scope),
        user_agent=headers.get(b"user-agent", ""),
    )


def _page_scheme(scope: Mapping[str, Any]) -> str:
    return {"ws": "http", "wss": "https"}.get(scope.get("scheme", ""), "")
