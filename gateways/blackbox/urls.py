"""The REST of web integrations."""

from django.urls import path

from gateways.blackbox import views

INTEGRATION = "api/v1/web-integrations/<str:integration_id>"

urlpatterns = [
    path("api/v1/web-integrations", views.WebIntegrationsView.as_view()),
    path(INTEGRATION, views.WebIntegrationView.as_view()),
    path(f"{INTEGRATION}/tokens", views.WebIntegrationTokensView.as_view()),
    path(f"{INTEGRATION}/tokens/<str:token_id>", views.WebIntegrationTokenView.as_view()),
]
