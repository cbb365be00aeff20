"""The hot routes, which the hop-free handler serves."""

from django.urls import path

from widgets.hot_views import ChatView, ConfigView, TrackView
from widgets.presence import PresenceView

urlpatterns = [
    path("api/widgets/<str:widget_id>/chat", ChatView.as_view(), name="widget-chat"),
    path("api/widgets/<str:widget_id>/track", TrackView.as_view(), name="widget-track"),
    path("api/widgets/<str:widget_id>/presence", PresenceView.as_view(), name="widget-presence"),
    path("api/widgets/<str:widget_id>/config", ConfigView.as_view(), name="widget-config"),
]
