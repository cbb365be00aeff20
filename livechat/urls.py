"""Every path but the hot ones, which ``HOT_URLCONF`` names."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView, TemplateView

from livechat import health_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("about", TemplateView.as_view(template_name="livechat/index.html"), name="about"),
    path("healthz", health_views.healthz, name="healthz"),
    path("readyz", health_views.readyz, name="readyz"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("account", RedirectView.as_view(pattern_name="account")),
    path("account/", include("tenants.account_urls")),
    path("api/", include("tenants.urls")),
    path("", include("dashboard.urls")),
    path("", include("gateways.blackbox.urls")),
    path("", include("livechat.hot_urls")),
    path("", include("widgets.urls")),
]

handler400 = "livechat.error_views.bad_request"
handler403 = "livechat.error_views.permission_denied"
handler404 = "livechat.error_views.not_found"
handler500 = "livechat.error_views.server_error"
