"""Blits' REST addresses; all of them are served without thread hops, as some have to wait."""

from django.urls import include, path, re_path

from gateways.blits.hot_views import (
    ActiveView,
    AnalyzeView,
    InitializeView,
    MessageView,
    SettingsView,
    SpeechView,
    TextView,
    UnknownView,
)

requests = [
    path("initialize", InitializeView.as_view(), name="blits-initialize"),
    path("is-active/<str:conversation_id>", ActiveView.as_view(), name="blits-is-active"),
    path("messages/<str:conversation_id>/text", TextView.as_view(), name="blits-text"),
    path(
        "messages/<str:conversation_id>/speech",
        SpeechView.as_view(),
        name="blits-speech",
    ),
    path(
        "messages/<str:conversation_id>/<str:message_id>",
        MessageView.as_view(),
        name="blits-message",
    ),
    path("analyze-message", AnalyzeView.as_view(), name="blits-analyze-message"),
    path("settings/<str:code>", SettingsView.as_view(), name="blits-settings"),
]
urlpatterns = [
    path("api/external/", include(requests)),
    # The root that is documented ends in a slash, and each path begins with one.
    path("api/external//", include(requests)),
    re_path(r"^api/external(?:/[\s\S]*)?\Z", UnknownView.as_view(), name="blits-unknown"),
]
