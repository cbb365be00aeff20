from django.urls import path

from tenants import api, browser

urlpatterns = [
    path("auth/token", api.LogInView.as_view()),
    path("auth/refresh", api.RefreshView.as_view()),
    path("auth/logout", api.LogOutView.as_view()),
    path("auth/browser", browser.BrowserLogInView.as_view()),
    path("auth/browser/refresh", browser.BrowserRefreshView.as_view()),
    path("auth/browser/logout", browser.BrowserLogOutView.as_view()),
]
