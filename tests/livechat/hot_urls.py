"""Hot routes for the tests of the handlers."""

import asyncio
import threading

from django.db import OperationalError
from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers

from tenants import context, rest
from tenants.errors import Conflict, TooManyRequests
from tenants.hot import HotView

seen = []


class Input(serializers.Serializer):
    text = serializers.CharField(max_length=5)


class EchoView(HotView):
    max_body = 1000

    async def get(self, request, **names):
        return rest.reply({"names": names, "query": request.GET.dict()})

    async def post(self, request, **names):
        data = self.body(request)
        thread = threading.current_thread() is threading.main_thread()
        return rest.reply({"body": data, "hopFree": thread}, status=201)

    async def put(self, request, **names):
        given = Input(data=self.body(request))
        given.is_valid(raise_exception=True)
        return rest.reply(given.validated_data)

    async def delete(self, request, **names):
        return HttpResponse("as it is", headers={"Cache-Control": "max-age=5"})


class SlowView(HotView):
    async def get(self, request):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise


class FailingView(HotView):
    async def get(self, request, kind):
        match kind:
            case "conflict":
                raise Conflict("Once only.", code="once", extra={"id": "1"})
            case "often":
                raise TooManyRequests(retry_after=3)
            case "crash":
                raise RuntimeError("crashed on purpose")
            case "database":
                raise OperationalError("server closed the connection unexpectedly")


class ContextView(HotView):
    async def get(self, request):
        return rest.reply({"requestId": context.request_id.get()})


urlpatterns = [
    path("api/hot/echo/<str:name>", EchoView.as_view()),
    path("api/hot/slow", SlowView.as_view()),
    path("api/hot/fail/<str:kind>", FailingView.as_view()),
    path("api/hot/context", ContextView.as_view()),
]
