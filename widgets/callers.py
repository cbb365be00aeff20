"""What a request or a socket says about where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from tenants.network import client_ip, request_ip


@dataclass(frozen=True)
class Caller:
    """Nothing of this is proved yet. Who names no widget means the one that the token opens."""

    widget_id: str | None = None
    token: str = ""
    secret: str = ""
    origin: str | None = None
    ip: str | None = None
    user_agent: str = ""


def caller_of(request: HttpRequest | Request, widget_id: str | None = None) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return Caller(
        widget_id=widget_id,
        token=token.strip() if scheme.lower() == "bearer" else "",
        secret=request.headers.get("X-Session-Secret", ""),
        origin=request.headers.get("Origin"),
        ip=request_ip(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def caller_on_socket(scope: Mapping[str, Any], *, token: str, secret: str) -> Caller:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return Caller(
        token=token,
        secret=secret,
        origin=headers.get(b"origin"),
        ip=client_ip(scope),
        user_agent=headers.get(b"user-agent", ""),
    )
