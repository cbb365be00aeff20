"""Two ways into Django: without a thread hop for the hot routes, as it comes for all others."""

import asyncio
from collections.abc import Mapping
from os import SEEK_END
from typing import IO, Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, get_resolver

from livechat.asgi_types import App, Receive, Scope, Send


class SizedHandler(ASGIHandler):
    """Django takes a form that is sent in chunks for no form, unless it is told the size."""

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        if not any(name == b"content-length" for name, _ in scope["headers"]):
            size = body_file.seek(0, SEEK_END)
            body_file.seek(0)
            scope = {**scope, "headers": [*scope["headers"], (b"content-length", b"%d" % size)]}
        return super().create_request(scope, body_file)


class HotHandler(SizedHandler):
    """Runs asynchronous views that need no middleware, signal or thread of Django's.

    Its views derive from ``tenants.hot.HotView``: they answer whatever happens, and reach the
    database only through ``run_in_db_thread``.
    """

    def __init__(self, urlconf: str) -> None:
        # Not the parent's: that one loads settings.MIDDLEWARE, most of which hops to a thread.
        self.resolver = get_resolver(urlconf)

    def match(self, path: str) -> ResolverMatch | None:
        try:
            return self.resolver.resolve(path)
        except Resolver404:
            return None

    async def serve(
        self,
        match: ResolverMatch,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        with body_file:
            request, refusal = self.create_request(scope, body_file)
            if request is None:
                assert refusal is not None
                await self.send_response(refusal, send)
                return
            request.resolver_match = match
            view = asyncio.create_task(self._respond(match, request, send))
            await self._unless_disconnected(view, receive)

    async def _respond(self, match: ResolverMatch, request: HttpRequest, send: Send) -> None:
        response = await match.func(request, *match.args, **match.kwargs)
        if not response.streaming:
            # As Django's CommonMiddleware does it: without it the answer would go out in chunks.
            response.headers.setdefault("Content-Length", str(len(response.content)))
        await self.send_response(response, send)

    async def _unless_disconnected(self, view: asyncio.Task[None], receive: Receive) -> None:
        """Wait for the view; who hangs up meanwhile ends it."""
        disconnect = asyncio.ensure_future(receive())
        try:
            await asyncio.wait([view, disconnect], return_when=asyncio.FIRST_COMPLETED)
        finally:
            disconnect.cancel()
            if not view.done():
                view.cancel()
        await asyncio.wait([view])
        if not view.cancelled():
            view.result()


class PlainHandler(SizedHandler):
    """Django as it comes."""


class Django:
    """Sends each request to the handler of its path."""

    def __init__(self, *, hot: HotHandler, other: App) -> None:
        self.hot = hot
        self.other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = self.hot.match(scope["path"])
        if match is None:
            await self.other(scope, receive, send)
        else:
            await self.hot.serve(match, scope, receive, send)
