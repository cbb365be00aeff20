"""The admin's pages that belong to no model: the path, the playground, usage, and the switch."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from assistants import spending
from livechat.headers import FRAMED
from livechat.onboarding.snippets import recipes
from livechat.onboarding.steps import steps_of
from tenants.ids import parse_uuid
from tenants.models import Tenant
from tenants.operators import change_url
from tenants.scope import tenant_scope
from tenants.workplace import CHOSEN, is_operator, own_rows, workplace, workplaces_of
from widgets import hosted, sightings
from widgets.bubbles import answering
from widgets.models import Bubble
from widgets.snippet import page_token

LISTED = 20
DAYS = 30
# Of the chart, in its own units.
HEIGHT = 118


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Operators see their newest customers and how far they are; others begin on their path."""
    place = workplace(request)
    if place is not None:
        return HttpResponseRedirect(reverse("admin:start", args=[place.tenant_id]))
    rows = []
    for tenant in Tenant.objects.order_by("-created_at")[:LISTED]:
        steps = steps_of(tenant)
        following = next((step for step in steps if not step.is_done), None)
        done = sum(step.is_done for step in steps)
        rows.append({"tenant": tenant, "done": done, "of": len(steps), "next": following})
    return page(request, "operators/customers.html", "Customers", rows=rows)


@require_safe
def start(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    tenant = own_tenant(request, tenant_id)
    steps = steps_of(tenant)
    done = sum(step.is_done for step in steps)
    title = f"First steps of {tenant.name}" if is_operator(request) else "First steps"
    context = {"tenant": tenant, "steps": steps, "done": done, "spent": spending.month(tenant.pk)}
    return page(request, "operators/start.html", title, **context)


@require_safe
def start_state(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """What a page that waits asks for: which steps are done."""
    steps = steps_of(own_tenant(request, tenant_id))
    return JsonResponse({"done": [step.key for step in steps if step.is_done]})


@require_safe
def playground(request: HttpRequest, bubble_id: UUID) -> HttpResponse:
    bubble = own_bubble(request, bubble_id)
    with tenant_scope(bubble.tenant_id):
        assistant, seen = answering(bubble), sightings.latest(bubble)
    context = {
        "bubble": bubble,
        "recipes": recipes(bubble),
        "has_staging": bool(assistant and assistant.staging_id != assistant.production_id),
        "seen": seen,
        "hosted": hosted.address_of(bubble.code),
        "change_url": change_url(bubble),
    }
    return page(request, "operators/playground.html", f"Try {bubble.name}", **context)


@require_safe
def playground_page(request: HttpRequest, bubble_id: UUID) -> HttpResponse:
    """A page of no shop in particular, with the bubble in it as the snippet would put it there."""
    bubble = own_bubble(request, bubble_id)
    data = {
        "mount": {"token": page_token(bubble), "code": bubble.code},
        "isStaging": "staging" in request.GET and bubble.staging_allowed,
    }
    return framed(request, data)


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """The same page, for a bubble that is told what it looks like by the form around it."""
    return framed(request, {"mount": None, "isStaging": False})


@require_safe
def usage(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    tenant = own_tenant(request, tenant_id)
    days = spending.by_day(tenant, DAYS)
    most = max(day.tokens for day in days)
    bars = []
    for number, day in enumerate(days):
        height = round(HEIGHT * day.tokens / most) if most else 0
        bars.append({"day": day, "x": 20 * number, "y": HEIGHT - height, "height": height})
    context = {
        "tenant": tenant,
        "bars": bars,
        "most": most,
        "spent": spending.month(tenant.pk),
        "budget": spending.budget_of(tenant),
    }
    return page(request, "operators/usage.html", "Usage and limits", **context)


def switch(request: HttpRequest) -> HttpResponse:
    """Choose in which of several tenants to work from here on."""
    if request.method != "POST":
        return page(request, "operators/switch.html", "Where do you want to work?")
    chosen = parse_uuid(request.POST.get("tenant"))
    if chosen not in {row.tenant_id for row in workplaces_of(request)}:
        raise Http404
    request.session[CHOSEN] = str(chosen)
    return HttpResponseRedirect(reverse("admin:index"))


def own_tenant(request: HttpRequest, tenant_id: UUID) -> Tenant:
    tenant: Tenant | None = own_rows(request, Tenant.objects.filter(pk=tenant_id)).first()
    if tenant is None:
        raise Http404
    return tenant


def own_bubble(request: HttpRequest, bubble_id: UUID) -> Bubble:
    rows = Bubble.objects.filter(pk=bubble_id).select_related("public_code", "tenant")
    bubble: Bubble | None = own_rows(request, rows).first()
    if bubble is None:
        raise Http404
    return bubble


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    context |= {**admin.site.each_context(request), "title": title}
    context |= {"workplaces": workplaces_of(request), "workplace": workplace(request)}
    return TemplateResponse(request, template, context)


def framed(request: HttpRequest, data: dict[str, Any]) -> HttpResponse:
    """A page that stands in a frame of the admin's; the one kind of page that may."""
    response = TemplateResponse(request, "operators/mock_page.html", {"data": data})
    socket = request.build_absolute_uri("/").replace("http", "ws", 1).rstrip("/")
    response.headers["Content-Security-Policy"] = FRAMED.format(socket=socket)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
