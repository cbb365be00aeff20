"""The base of views on hot routes: asynchronous, and without Django's thread hops."""

from collections.abc import Callable, Coroutine
from typing import Any

from django.http import HttpRequest, HttpResponse

from tenants import rest, strict_json
from tenants.drf import translate
from tenants.errors import LiveChatError, TooLarge

Answer = Callable[..., Coroutine[Any, Any, HttpResponse]]


class HotView:
    """One operation per method: subclasses define ``async def get(self, request, **names)`` etc.

    A view opens no database connection itself: it calls ``run_in_db_thread``. It raises errors of
    our family or DRF's, and returns ``rest.reply(...)``.
    """

    max_body = 64 * 1024
    methods = ("get", "post", "put", "patch", "delete")

    @classmethod
    def as_view(cls) -> Answer:
        async def view(request: HttpRequest, **names: Any) -> HttpResponse:
            return await cls().respond(request, **names)

        view.view_class = cls  # type: ignore[attr-defined]
        # No cookie ever authenticates here.
        view.csrf_exempt = True  # type: ignore[attr-defined]
        return view

    async def respond(self, request: HttpRequest, **names: Any) -> HttpResponse:
        try:
            response = await self._answer(request, **names)
        except Exception as error:
            # A view must not take the connection down, whatever it stumbles over.
            response = self._failure(error)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def body(self, request: HttpRequest) -> dict[str, Any]:
        """The request's JSON object; an empty body is an empty object."""
        if not request.body:
            return {}
        if len(request.body) > self.max_body:
            raise TooLarge("The request body is too large.")
        strict_json.require_json(request.headers.get("Content-Type", ""))
        return strict_json.loads_object(request.body)

    async def _answer(self, request: HttpRequest, **names: Any) -> HttpResponse:
        # Refuses hosts that ALLOWED_HOSTS does not name, as Django's middleware does elsewhere.
        request.get_host()
        name = (request.method or "").lower()
        if name == "options":
            return HttpResponse(status=204, headers={"Allow": self._allowed()})
        method: Answer | None = getattr(self, "get" if name == "head" else name, None)
        if method is None or name not in (*self.methods, "head"):
            raise rest.MethodNotAllowed
        return await method(request, **names)

    def error_reply(self, error: LiveChatError) -> HttpResponse:
        """How an error is told; other vendors' clients expect their own words."""
        return rest.error_reply(error)

    def _failure(self, error: Exception) -> HttpResponse:
        translated = translate(error)
        response = self.error_reply(translated)
        if isinstance(translated, rest.MethodNotAllowed):
            response.headers["Allow"] = self._allowed()
        return response

    def _allowed(self) -> str:
        names = [name.upper() for name in self.methods if hasattr(self, name)]
        return ", ".join([*names, *(["HEAD"] if "GET" in names else []), "OPTIONS"])
