"""Every path but the hot ones, which ``HOT_URLCONF`` names."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("widgets.urls")),
    path("api/", include("tenants.urls")),
]

handler400 = "livechat.error_views.bad_request"
handler403 = "livechat.error_views.permission_denied"
handler404 = "livechat.error_views.not_found"
handler500 = "livechat.error_views.server_error"
