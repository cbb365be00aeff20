"""What people fill in on the pages of their own account."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts

from tenants import account_mail, links, second_factor
from tenants.errors import LiveChatError, NotFound, TooManyRequests, Unauthorized
from tenants.limits import LOG_IN, hit
from tenants.models import User
from tenants.network import request_ip

CODE_LIFETIME = timedelta(minutes=5)
ENROLMENT_LIFETIME = timedelta(minutes=15)
NEW = {"autocomplete": "new-password"}


class CodeStep(forms.Form):
    """A log-in in two steps: the password, and a code of whoever has an authenticator app.

    Counts attempts per account and address, together with those of the dashboard. That the first
    step was taken is signed into a field of the second one's form.
    """

    otp = forms.CharField(
        label="Code of your authenticator app",
        required=False,
        max_length=32,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "none"}),
        help_text="Or one of your recovery codes.",
    )
    step = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    # Whether the page is about the code, and what it holds as its first step.
    asks_code = False
    taken = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail"
        if self.data.get("step"):
            for name in ("username", "password"):
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        if step := self.cleaned_data.get("step"):
            self.user_cache: Any = self._owner_of(step)
            self.confirm_login_allowed(self.user_cache)  # type: ignore[attr-defined] # the form's
        elif not self.errors:
            self._count()
            super().clean()
        user: Any = getattr(self, "user_cache", None)
        if user is not None:
            self._ask(user)
            spoken = self.request.headers.get("Accept-Language", "")  # type: ignore[attr-defined]
            account_mail.remember_language(user, spoken)
        return self.cleaned_data

    def _count(self) -> None:
        email = str(self.cleaned_data.get("username", "")).strip().lower()
        try:
            hit(LOG_IN, "people", email, request_ip(self.request))  # type: ignore[attr-defined]
        except TooManyRequests as refusal:
            raise _too_many(refusal) from None

    def _owner_of(self, step: str) -> User:
        try:
            claims = links.read(links.CODE, step)
        except NotFound:
            claims = {}
        rows = User.objects.filter(is_active=True)
        user = rows.filter(pk=claims["sub"]).first() if claims else None
        if user is None or claims["stamp"] != links.stamp_of(user):
            raise forms.ValidationError("That took too long. Log in again.", code="step_gone")
        return user

    def _ask(self, user: User) -> None:
        code = self.cleaned_data.get("otp")
        try:
            second_factor.spend(second_factor.demand(user, code))
        except TooManyRequests as refusal:
            self._go_on_asking(user)
            raise _too_many(refusal) from None
        except Unauthorized as refusal:
            self._go_on_asking(user)
            if refusal.code == "otp_required":
                raise forms.ValidationError("", code="otp_required") from None
            is_spent = isinstance(refusal, second_factor.SpentCode)
            said = refusal.message if is_spent else "This code is not right."
            raise forms.ValidationError(said, code="wrong_code") from None

    def _go_on_asking(self, user: User) -> None:
        self.asks_code = True
        self.taken = links.sign(
            links.CODE, CODE_LIFETIME, sub=str(user.pk), stamp=links.stamp_of(user)
        )


class AccountLogInForm(CodeStep, AuthenticationForm):
    """For anybody who has an account."""


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label="New password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(NEW),
        help_text=" ".join(password_validators_help_texts()[:1]),
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label="Your name", max_length=200, widget=forms.TextInput({"autocomplete": "name"})
    )


class JoinForm(NameForm, NewPasswordForm):
    field_order = ("name", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "Password"


class OwnForm(forms.Form):
    """A form that asks for the password of whoever is logged in, as the page may be left open."""

    current = forms.CharField(
        label="Current password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        try:
            hit(LOG_IN, "people", self.user.email, "own pages")
        except LiveChatError as refusal:
            raise forms.ValidationError(refusal.message) from None
        if not self.user.check_password(current):
            raise forms.ValidationError("This is not your password.")
        return current


class ChangePasswordForm(OwnForm, NewPasswordForm):
    field_order = ("current", "password")


class ChangeEmailForm(OwnForm, ForgottenForm):
    field_order = ("email", "current")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "New e-mail"


class CodeForm(forms.Form):
    """The code of an app that is being set up, by whoever told the password some minutes ago."""

    code = forms.CharField(
        label="Code of the app",
        max_length=16,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    step = forms.CharField(max_length=2000, widget=forms.HiddenInput)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.initial["step"] = links.sign(
            links.ENROLMENT, ENROLMENT_LIFETIME, sub=str(user.pk), stamp=links.stamp_of(user)
        )

    def clean_step(self) -> str:
        step: str = self.cleaned_data["step"]
        try:
            claims = links.read(links.ENROLMENT, step)
        except NotFound as refusal:
            raise forms.ValidationError(refusal.message) from None
        if (claims["sub"], claims["stamp"]) != (str(self.user.pk), links.stamp_of(self.user)):
            raise forms.ValidationError("This is somebody else's.")
        return step


def _too_many(refusal: TooManyRequests) -> forms.ValidationError:
    return forms.ValidationError(
        f"Too many attempts. Try again in {refusal.retry_after} seconds.", code="rate_limited"
    )
