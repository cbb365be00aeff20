"""Static files in front of Django: no request object, no thread-bound middleware."""

import asyncio
import os
from typing import IO

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from livechat.asgi_types import App, Receive, Scope, Send
from livechat.edge import note_route

CONDITIONS = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"range": "HTTP_RANGE",
}

# Where browsers look for the mark of pages that name none, such as the API's answers.
FAVICON = "/favicon.ico"

# Any page may show them, those that isolate themselves from other sites as well.
SHARED = (b"cross-origin-resource-policy", b"cross-origin")


class StaticFiles:
    """WhiteNoise's table of files and their headers, answered over ASGI."""

    def __init__(self, app: App) -> None:
        self.app = app
        os.makedirs(settings.STATIC_ROOT, exist_ok=True)
        self.files = WhiteNoiseMiddleware(None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._find(scope["path"]) if scope["type"] == "http" else None
        if file is None:
            await self.app(scope, receive, send)
            return
        note_route(scope, "static")
        headers = {
            CONDITIONS[name]: value.decode("latin-1")
            for name, value in scope["headers"]
            if name in CONDITIONS
        }
        answer = await asyncio.to_thread(file.get_response, scope["method"], headers)
        body = await asyncio.to_thread(_read, answer.file) if answer.file else b""
        await send(
            {
                "type": "http.response.start",
                "status": int(answer.status),
                "headers": [
                    *((name.lower().encode(), value.encode()) for name, value in answer.headers),
                    SHARED,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def _find(self, path: str) -> StaticFile | None:
        if path == FAVICON:
            path = f"{self.files.static_prefix}livechat/mark.svg"
        if not path.startswith(self.files.static_prefix):
            return None
        if self.files.autorefresh:
            return self.files.find_file(path)
        return self.files.files.get(path)


def _read(file: IO[bytes]) -> bytes:
    with file:
        return file.read()
