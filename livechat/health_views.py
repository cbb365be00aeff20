"""``/healthz``: the process lives. ``/readyz``: it may take traffic."""

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.middleware.common import CommonMiddleware

from livechat import health
from livechat.edge import HEALTH_PATHS
from tenants.drain import draining

REQUIRED = ("database", "migrations")
MISSED = ("redis", "worker")


def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served; the parts whose absence only delays answers are named.

    503 names the failing part.
    """
    failing = [finding.code for finding in health.examine(*REQUIRED) if not finding.is_well]
    if draining.is_set():
        failing.append("draining")
    degraded = [] if failing else [f.code for f in health.examine(*MISSED) if not f.is_well]
    return JsonResponse(
        {
            "status": "unavailable" if failing else "ok",
            "failing": failing,
            "degraded": degraded,
        },
        status=503 if failing else 200,
    )


class HostCheck(CommonMiddleware):
    """Django's refusal of other host names, but of none that asks for our health.

    Load balancers ask each server by its address.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path in HEALTH_PATHS else super().process_request(request)
