from django.urls import path

from tenants import api

urlpatterns = [
    path("auth/token", api.LogInView.as_view()),
    path("auth/refresh", api.RefreshView.as_view()),
    path("auth/logout", api.LogOutView.as_view()),
]
