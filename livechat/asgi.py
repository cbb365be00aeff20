"""The application that the server runs: edge, static files, two handlers, sockets."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
django.setup(set_prefix=False)

from channels.routing import URLRouter  # noqa: E402 -- apps must be ready
from django.conf import settings  # noqa: E402 -- apps must be ready
from django.urls import get_resolver  # noqa: E402 -- apps must be ready

from livechat.asgi_types import App, Receive, Scope, Send  # noqa: E402 -- apps must be ready
from livechat.edge import Edge  # noqa: E402 -- apps must be ready
from livechat.handlers import Django, HotHandler, PlainHandler  # noqa: E402 -- apps must be ready
from livechat.routing import websocket_urlpatterns  # noqa: E402 -- apps must be ready
from livechat.static_files import StaticFiles  # noqa: E402 -- apps must be ready
from realtime.feeds import hub  # noqa: E402 -- apps must be ready


class Application:
    """Sends each connection where its kind is understood."""

    def __init__(self, *, http: App, websocket: App) -> None:
        self.http = http
        self.websocket = websocket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self.http(scope, receive, send)
            case "websocket":
                await self.websocket(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        # A route that cannot be imported must stop the start, not the first request.
        for urlconf in (settings.ROOT_URLCONF, settings.HOT_URLCONF):
            assert get_resolver(urlconf).url_patterns is not None
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await hub().close()
        await send({"type": "lifespan.shutdown.complete"})


handlers = Django(hot=HotHandler(settings.HOT_URLCONF), other=PlainHandler())
application = Edge(
    Application(http=StaticFiles(handlers), websocket=URLRouter(websocket_urlpatterns))
)
