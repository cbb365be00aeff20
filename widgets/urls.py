"""The visitor's routes that Django's own handler serves. The hot ones are in ``hot_urls``."""

from django.urls import path

from widgets import (
    assets,
    file_views,
    form_views,
    hosted,
    identity_views,
    transcript_views,
    views,
)

WIDGET = "api/widgets/<str:widget_id>"
CONVERSATION = f"{WIDGET}/conversations/<str:conversation_id>"

urlpatterns = [
    path("assets/chat-widget.js", assets.chat_widget),
    path("assets/chat-widget-<slug:name>.js", assets.chunk),
    path("chat/<str:code>", hosted.page),
    path("chat/<str:code>/qr.svg", hosted.qr),
    path(f"{WIDGET}/session", views.SessionView.as_view()),
    path(f"{WIDGET}/voice/start", views.VoiceStartView.as_view()),
    path(f"{WIDGET}/contact", views.ContactView.as_view()),
    path(f"{WIDGET}/offline", form_views.OfflineView.as_view()),
    path(f"{WIDGET}/identify", identity_views.IdentifyView.as_view()),
    path(f"{WIDGET}/resume", identity_views.ResumeView.as_view()),
    path(f"{WIDGET}/logout", identity_views.LogoutView.as_view()),
    path(f"{WIDGET}/attributes", identity_views.AttributesView.as_view()),
    path(f"{WIDGET}/conversations", views.ConversationsView.as_view()),
    path(f"{CONVERSATION}/messages", views.MessagesView.as_view()),
    path(f"{CONVERSATION}/events", views.EventsView.as_view()),
    path(f"{CONVERSATION}/read", views.ReadView.as_view()),
    path(f"{CONVERSATION}/end", views.EndView.as_view()),
    path(f"{CONVERSATION}/handover", views.HandoverView.as_view()),
    path(f"{CONVERSATION}/assistant", views.AssistantView.as_view()),
    path(f"{CONVERSATION}/rating", form_views.RatingView.as_view()),
    path(f"{CONVERSATION}/transcript", transcript_views.TranscriptView.as_view()),
    path(f"{CONVERSATION}/tool-calls/<str:call_id>", views.ToolResultView.as_view()),
    path(f"{WIDGET}/attachments", file_views.AttachmentsView.as_view()),
    path(f"{WIDGET}/attachments/<str:attachment_id>", file_views.AttachmentView.as_view()),
]
