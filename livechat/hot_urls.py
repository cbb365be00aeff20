"""The hot routes of all rooms, which the hop-free handler serves."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("widgets.hot_urls")),
    path("", include("gateways.blits.hot_urls")),
]
