"""People's own pages."""

from django.urls import path

from tenants import account_views as views

urlpatterns = [
    path("", views.AccountPage.as_view(), name="account"),
    path("log-in/", views.LogInPage.as_view(), name="account-log-in"),
    path("log-out/", views.LogOutPage.as_view(), name="account-log-out"),
    path("forgotten/", views.ForgottenPage.as_view(), name="account-forgotten"),
    path("reset/<str:token>/", views.ResetPage.as_view(), name="account-reset"),
    path("invitation/<str:token>/", views.InvitationPage.as_view(), name="account-invitation"),
    path("password/", views.PasswordPage.as_view(), name="account-password"),
    path("name/", views.NamePage.as_view(), name="account-name"),
    path("email/", views.ChangeEmailPage.as_view(), name="account-change-email"),
    path("email/<str:token>/", views.EmailPage.as_view(), name="account-email"),
    path("two-factor/", views.TwoFactorPage.as_view(), name="account-two-factor"),
    path("two-factor/off/", views.TwoFactorOffPage.as_view(), name="account-two-factor-off"),
    path("recovery-codes/", views.RecoveryPage.as_view(), name="account-recovery"),
]
