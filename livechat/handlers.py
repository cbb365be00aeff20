"""Two ways into Django: without a thread hop for the hot routes, as it comes for all others."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from os import SEEK_END
from typing import IO, Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, get_resolver

from livechat.asgi_types import App, Receive, Scope, Send
from livechat.dialects import error_body
from livechat.edge import HEALTH_PATHS, note_route
from tenants import context, rest
from tenants.errors import Unavailable
from tenants.per_loop import PerLoop
from tenants.slots import Slots

# Each may hold a connection to the database: as many as the pool has beside the threads of others.
PLAIN_REQUESTS = 12
# With the wait for a connection that may follow, five seconds.
PATIENCE_SECONDS = 1.0


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
    """Django as it comes, for so many requests at once, in fair shares of those who ask."""

    def __init__(self) -> None:
        super().__init__()
        self._slots = PerLoop(lambda: Slots(PLAIN_REQUESTS))

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in HEALTH_PATHS:
            return await super().get_response_async(request)
        async with AsyncExitStack() as held:
            slot = self._slots.get().one_for(context.asker.get())
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await held.enter_async_context(slot)
            except TimeoutError:
                return _come_back(request.path)
            view = asyncio.create_task(super().get_response_async(request))
            try:
                return await asyncio.shield(view)
            except asyncio.CancelledError:
                # A thread cannot be cancelled: until it is done, it may hold a connection.
                await asyncio.wait([view])
                raise

    def resolve_request(self, request: Any) -> ResolverMatch:
        match = super().resolve_request(request)
        note_route(request.scope, match.route)
        return match


def _come_back(path: str) -> HttpResponse:
    error = Unavailable(retry_after=2)
    return rest.reply(
        error_body(path, error), status=error.status, headers=rest.error_headers(error)
    )


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
            note_route(scope, match.route)
            await self.hot.serve(match, scope, receive, send)
