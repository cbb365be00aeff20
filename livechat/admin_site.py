"""The admin as a whole: who may enter, in whose scope its pages run, and those of no model."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from livechat.onboarding import views
from tenants.workplace import confined, is_operator, workplace


class LiveChatSite(UnfoldAdminSite):
    """For operators and, inside their tenant, for its owners and admins."""

    def has_permission(self, request: HttpRequest) -> bool:
        return is_operator(request) or workplace(request) is not None

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Whoever is logged in and has nothing to see to here reads why, on their own pages."""
        is_known = request.method == "GET" and request.user.is_authenticated
        if is_known and not self.has_permission(request):
            return redirect("account")
        return super().login(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Where it is noted, and told to the owner of the account."""
        return redirect("account-password")

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return views.index(request)

    def extra_urls(self) -> list[URLPattern]:
        pages: tuple[tuple[str, str, Callable[..., HttpResponse]], ...] = (
            ("start/<uuid:tenant_id>/", "start", views.start),
            ("start/<uuid:tenant_id>/state/", "start_state", views.start_state),
            ("usage/<uuid:tenant_id>/", "usage", views.usage),
            ("playground/<uuid:bubble_id>/", "playground", views.playground),
            ("playground/<uuid:bubble_id>/page/", "playground_page", views.playground_page),
            ("preview/", "preview", views.preview),
            ("switch/", "switch", views.switch),
        )
        return [path(route, self.admin_view(view), name=name) for route, name, view in pages]

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Any:
        return super().admin_view(confined(view), cacheable)
