"""Blits' REST addresses; all of them are served without thread hops, as some have to wait."""

from django.urls import path, re_path

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

urlpatterns = [
    path("api/external/initialize", InitializeView.as_view(), name="blits-initialize"),
    path(
        "api/external/is-active/<str:conversation_id>", ActiveView.as_view(), name="blits-is-active"
    ),
    path("api/external/messages/<str:conversation_id>/text", TextView.as_view(), name="blits-text"),
    path(
        "api/external/messages/<str:conversation_id>/speech",
        SpeechView.as_view(),
        name="blits-speech",
    ),
    path(
        "api/external/messages/<str:conversation_id>/<str:message_id>",
        MessageView.as_view(),
        name="blits-message",
    ),
    path("api/external/analyze-message", AnalyzeView.as_view(), name="blits-analyze-message"),
    path("api/external/settings/<str:code>", SettingsView.as_view(), name="blits-settings"),
    re_path(r"^api/external(?:/[\s\S]*)?\Z", UnknownView.as_view(), name="blits-unknown"),
]
