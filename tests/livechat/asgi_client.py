"""Calls an ASGI application directly, with the exact chunks, headers and hang-ups of a test."""

import asyncio
import json
from dataclasses import dataclass
from functools import cached_property


@dataclass
class Answer:
    status: int
    raw_headers: list
    content: bytes

    @cached_property
    def headers(self):
        return {name.decode().lower(): value.decode() for name, value in self.raw_headers}

    def json(self):
        return json.loads(self.content)


class Client:
    def __init__(self, app, *, ip="192.0.2.7"):
        self.app = app
        self.ip = ip
        self.read = 0

    async def get(self, path, **options):
        return await self.request("GET", path, **options)

    async def post(self, path, data=b"", *, headers=(), **options):
        content = {"content-type": "application/json"} if isinstance(data, dict) else {}
        body = json.dumps(data).encode() if isinstance(data, dict) else data
        headers = {**content, **dict(headers)}
        return await self.request("POST", path, headers=headers, chunks=[body], **options)

    async def request(
        self, method, path, *, headers=(), chunks=(b"",), scheme="http", hang_up_after=None
    ):
        """The answer; with ``hang_up_after`` seconds the client may be gone before it."""
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in {"host": "testserver", **dict(headers)}.items()
            ],
            "client": (self.ip, 50000),
            "server": ("testserver", 80),
            "state": {},
        }
        return await self._exchange(scope, list(chunks), hang_up_after)

    async def _exchange(self, scope, chunks, hang_up_after):
        sent, done = [], asyncio.Event()
        self.read = 0

        async def receive():
            if chunks:
                body = chunks.pop(0)
                self.read += len(body)
                return {"type": "http.request", "body": body, "more_body": bool(chunks)}
            try:
                async with asyncio.timeout(hang_up_after):
                    await done.wait()
            except TimeoutError:
                pass
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                done.set()

        await self.app(scope, receive, send)
        if not sent:
            return None
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], list(sent[0].get("headers", ())), body)
