"""Plain routes for the tests of the handlers."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from livechat.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def wait():
    """What a test may have a view wait for."""


class PlainView(APIView):
    def get(self, request, kind):
        if kind == "crash":
            raise RuntimeError("crashed on purpose")
        if kind == "slow":
            wait()
        return Response({"kind": kind})

    def post(self, request, kind):
        return Response({"body": request.data})


def page(request, kind):
    match kind:
        case "denied":
            raise PermissionDenied
        case "suspicious":
            raise SuspiciousOperation
        case "crash":
            raise RuntimeError("crashed on purpose")
    return HttpResponse("a page")


urlpatterns = [
    path("api/plain/<str:kind>", PlainView.as_view()),
    path("api/page/<str:kind>", page),
    path("page/<str:kind>", page),
]
