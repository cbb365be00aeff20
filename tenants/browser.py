"""Logging in on our own pages: ``/api/auth/browser``.

The page holds the access token; the refresh token is in a cookie that no script reads and that goes
nowhere else. Only pages of our own are answered.
"""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import sessions
from tenants.api import NO_STORE, LogInView, log_in
from tenants.errors import Forbidden, Unauthorized
from tenants.models import Membership
from tenants.network import is_own_origin, request_ip
from tenants.sessions import TokenPair
from tenants.tokens import invalid_credentials

PATH = "/api/auth/browser"
# By this fragment the inbox learns that the browser has a log-in already.
JOINED = "#joined"


class AccessOutput(serializers.Serializer):
    access = serializers.CharField()
    expiresIn = serializers.IntegerField(help_text="Seconds.")


class BrowserView(APIView):
    """Refuses whatever asks that is no page of ours."""

    def initial(self, request: Request, *args: Any, **names: Any) -> None:
        super().initial(request, *args, **names)
        origin = request.headers.get("Origin")
        if not is_own_origin(origin, request.scheme or "", request.get_host()):
            raise Forbidden("This origin is not allowed.", code="origin_not_allowed")


class BrowserLogInView(BrowserView):
    class Input(LogInView.Input):
        pass

    @extend_schema(operation_id="logInBrowser", request=Input, responses=AccessOutput, auth=[])
    def post(self, request: Request) -> Response:
        """Log in as with ``/api/auth/token``; the refresh token comes as a cookie."""
        pair = log_in(request)
        # A browser has one log-in: nobody could end the former one from here any more.
        _end_former(request)
        return _answer(pair)


class BrowserRefreshView(BrowserView):
    @extend_schema(operation_id="refreshBrowser", request=None, responses=AccessOutput, auth=[])
    def post(self, request: Request) -> Response:
        """A new access token for the cookie, which is another one from then on."""
        text = _cookie(request)
        if not text:
            raise invalid_credentials()
        return _answer(sessions.refresh(text))


class BrowserLogOutView(BrowserView):
    @extend_schema(operation_id="logOutBrowser", request=None, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        """End the session of the cookie, if it is any; the cookie goes in either case."""
        _end_former(request)
        response = Response(status=204, headers=NO_STORE)
        response.delete_cookie(settings.REFRESH_COOKIE_NAME, path=PATH, samesite="Strict")
        return response


def enter(request: HttpRequest, membership: Membership, place: str) -> HttpResponse:
    """Log a member who has proved to be the one in to the inbox, and lead them to ``place``.

    Raises Unauthorized where a second factor is wanted that they do not have.
    """
    user_agent = request.headers.get("User-Agent", "")
    pair = sessions.begin(membership, ip=request_ip(request), user_agent=user_agent)
    response = redirect(place)
    _set_cookie(response, pair)
    return response


def _end_former(request: Request) -> None:
    """End the session of the cookie, unless it has ended by itself."""
    if text := _cookie(request):
        with suppress(Unauthorized):
            sessions.log_out(text)


def _cookie(request: Request) -> str:
    return str(request.COOKIES.get(settings.REFRESH_COOKIE_NAME, ""))


def _answer(pair: TokenPair) -> Response:
    left = int((pair.expires_at - timezone.now()).total_seconds())
    answer = {"access": pair.access, "expiresIn": max(0, left)}
    response = Response(answer, headers=NO_STORE)
    _set_cookie(response, pair)
    return response


def _set_cookie(response: HttpResponseBase, pair: TokenPair) -> None:
    response.set_cookie(
        settings.REFRESH_COOKIE_NAME,
        pair.refresh,
        max_age=settings.REFRESH_TOKEN_IDLE,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
