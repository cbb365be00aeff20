from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

handler400 = "livechat.error_views.bad_request"
handler403 = "livechat.error_views.permission_denied"
handler404 = "livechat.error_views.not_found"
handler500 = "livechat.error_views.server_error"
