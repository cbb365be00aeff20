"""People's own pages: log-in, forgotten passwords, invitations, and their account."""

from typing import Any
from urllib.parse import quote

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views import View

from tenants import (
    account_mail,
    accounts,
    browser,
    enrolment,
    invitations,
    passwords,
    second_factor,
    workplace,
)
from tenants.account_forms import (
    AccountLogInForm,
    ChangeEmailForm,
    ChangePasswordForm,
    CodeForm,
    ForgottenForm,
    JoinForm,
    NameForm,
    NewPasswordForm,
    OwnForm,
)
from tenants.errors import LiveChatError, Unauthorized
from tenants.models import User
from tenants.network import request_ip

ADMIN = "/admin/"
# Whoever must set up a second factor may leave all the same.
ADMIN_EXITS = ("/admin/login/", "/admin/logout/")


class AccountMiddleware(AuthenticationMiddleware):
    """Leads whoever must have a second factor to set one up, before any page of the admin."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        super().process_request(request)
        path = request.path_info
        is_guarded = path.startswith(ADMIN) and path not in ADMIN_EXITS
        if is_guarded and second_factor.must_enrol(request.user):
            return redirect("account-two-factor")
        return None


class Page(View):
    """A page with one form, and what happens when it is sent."""

    template = ""
    form: type[forms.Form] = forms.Form

    def get(self, request: HttpRequest, **names: str) -> HttpResponse:
        return self.show(request, self.empty_form(request), **names)

    def post(self, request: HttpRequest, **names: str) -> HttpResponse:
        form = self.empty_form(request, request.POST)
        if form.is_valid():
            try:
                return self.act(request, form, **names)
            except LiveChatError as refusal:
                if refusal.status == 404:
                    raise
                form.add_error(None, refusal.message)
            except ValidationError as refusal:
                form.add_error("password", refusal)
        return self.show(request, form, **names)

    def dispatch(self, request: HttpRequest, *args: Any, **names: str) -> Any:
        try:
            return super().dispatch(request, *args, **names)
        except LiveChatError as refusal:
            facts = {"message": refusal.message}
            return render(request, "accounts/gone.html", facts, status=refusal.status)

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        return self.form(data)

    def show(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        facts = {"form": form, **self.facts(request, **names)}
        return render(request, self.template, facts)

    def facts(self, request: HttpRequest, **names: str) -> dict[str, Any]:
        return {}

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        raise NotImplementedError


class LogInPage(LoginView):
    template_name = "accounts/log_in.html"
    authentication_form = AccountLogInForm
    next_page = "account"


class LogOutPage(View):
    """Leads back to a page of ours that says so, such as somebody else's invitation."""

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        back = request.POST.get("next", "")
        is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
        return HttpResponseRedirect(back if is_ours else reverse("account-log-in"))


class ForgottenPage(Page):
    template = "accounts/forgotten.html"
    form = ForgottenForm

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        language = account_mail.asked_for(request.headers.get("Accept-Language", ""))
        email = form.cleaned_data["email"]
        passwords.ask_for_reset(email, ip=request_ip(request), language=language)
        return render(request, "accounts/sent.html", {"email": email})


class ResetPage(Page):
    template = "accounts/reset.html"
    form = NewPasswordForm

    def facts(self, request: HttpRequest, **names: str) -> dict[str, Any]:
        return {"owner": passwords.owner_of(names["token"])}

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        passwords.reset(names["token"], form.cleaned_data["password"])
        logout(request)
        messages.success(request, "Your password is set. Log in with it.")
        return redirect("account-log-in")


class InvitationPage(Page):
    """Who has an account takes the place with it; who has none makes one here."""

    template = "accounts/invitation.html"
    form = JoinForm

    def facts(self, request: HttpRequest, **names: str) -> dict[str, Any]:
        invitation = invitations.find(names["token"])
        account = invitations.account_of(invitation)
        log_in = f"{reverse('account-log-in')}?next={quote(request.path)}"
        is_own = account is not None and account == request.user
        return {
            "invitation": invitation,
            "inviter": invitations.inviter_of(invitation),
            "account": account,
            "is_own": is_own,
            "log_in": log_in,
        }

    def get(self, request: HttpRequest, **names: str) -> HttpResponse:
        form = self.empty_form(request)
        form.initial = {"name": invitations.find(names["token"]).name}
        return self.show(request, form, **names)

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        return forms.Form(data) if request.user.is_authenticated else JoinForm(data)

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        tenant_id = invitations.find(names["token"]).tenant_id
        if request.user.is_authenticated:
            user = invitations.accept(names["token"], user=request.user)
        else:
            user = invitations.accept(names["token"], **form.cleaned_data)
            account_mail.remember_language(user, request.headers.get("Accept-Language", ""))
            login(request, user)
        place, without_factor = f"{reverse('index')}{browser.JOINED}", reverse("account")
        if tenant_id in {one.tenant_id for one in workplace.workplaces(user)}:
            request.session[workplace.CHOSEN] = str(tenant_id)
            place = without_factor = reverse("admin:index")
        membership = user.memberships.select_related("tenant", "user").get(tenant_id=tenant_id)
        try:
            return browser.enter(request, membership, place)
        except Unauthorized:
            return redirect(without_factor)


class EmailPage(Page):
    template = "accounts/email.html"

    def facts(self, request: HttpRequest, **names: str) -> dict[str, Any]:
        return {"email": passwords.new_email_of(names["token"])}

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        passwords.confirm_email(names["token"])
        messages.success(request, "Your e-mail address is confirmed.")
        return redirect("account")


class OwnPage(LoginRequiredMixin, Page):
    """A page for whoever is logged in."""

    def handle_no_permission(self) -> HttpResponseRedirect:
        return redirect_to_login(self.request.get_full_path(), reverse("account-log-in"))

    def facts(self, request: HttpRequest, **names: str) -> dict[str, Any]:
        user: Any = request.user
        rows = user.memberships.filter(is_active=True).select_related("tenant")
        may_enter_admin = user.is_staff or any(row.role != "agent" for row in rows)
        return {
            "memberships": rows.order_by("tenant__name"),
            "factor": second_factor.of(user),
            "must_enrol": second_factor.must_enrol(user),
            "may_enter_admin": may_enter_admin,
        }

    def own(self, request: HttpRequest) -> User:
        user: Any = request.user
        return User.objects.get(pk=user.pk)


class AccountPage(OwnPage):
    template = "accounts/account.html"

    def post(self, request: HttpRequest, **names: str) -> HttpResponse:
        return HttpResponse(status=405, headers={"Allow": "GET"})


class PasswordPage(OwnPage):
    template = "accounts/password.html"

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        return ChangePasswordForm(self.own(request), data)

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        user = self.own(request)
        passwords.check(user, form.cleaned_data["password"])
        passwords.change(user, form.cleaned_data["password"])
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is changed. Everything else is logged out.")
        return redirect("account")


class NamePage(OwnPage):
    """What colleagues and visitors read beside whatever somebody writes."""

    template = "accounts/name.html"

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        return NameForm(data, initial={"name": self.own(request).name})

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        user = self.own(request)
        accounts.rename(user, form.cleaned_data["name"])
        messages.success(request, "Your name is changed.")
        return redirect("account")


class ChangeEmailPage(OwnPage):
    template = "accounts/change_email.html"

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        user = self.own(request)
        own = {} if user.email_verified_at else {"email": user.email}
        return ChangeEmailForm(user, data, initial=own)

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        passwords.ask_for_email(self.own(request), form.cleaned_data["email"])
        messages.success(request, f"Open the link that we sent to {form.cleaned_data['email']}.")
        return redirect("account")


class TwoFactorPage(OwnPage):
    """Shows a key and its QR code to whoever tells the password, for an app to prove itself with.

    An earlier page of its form knows the password was told, and nothing else does.
    """

    template = "accounts/two_factor.html"

    def get(self, request: HttpRequest, **names: str) -> HttpResponse:
        if second_factor.of(self.own(request)):
            return redirect("account")
        return super().get(request, **names)

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        form = CodeForm if data and "step" in data else OwnForm
        return form(self.own(request), data)

    def show(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        if not isinstance(form, CodeForm):
            return super().show(request, form, **names)
        if form.errors.get("step"):
            messages.warning(request, "That took too long. Begin again.")
            return redirect("account-two-factor")
        facts = {"form": form, **self.facts(request), **_key_facts(form.user)}
        return render(request, "accounts/two_factor_key.html", facts)

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        user = self.own(request)
        if not isinstance(form, CodeForm):
            enrolment.begin(user)
            return self.show(request, CodeForm(user))
        codes = enrolment.confirm(user, form.cleaned_data["code"])
        update_session_auth_hash(request, user)
        return render(request, "accounts/recovery.html", {"codes": codes, "is_new": True})


class GuardedPage(OwnPage):
    """What is done to a second factor once the password is told again."""

    question = button = ""
    template = "accounts/guarded.html"

    def empty_form(self, request: HttpRequest, data: Any = None) -> forms.Form:
        return OwnForm(self.own(request), data)

    def facts(self, request: HttpRequest, **names: str) -> dict[str, Any]:
        own = {"question": self.question, "button": self.button}
        return {**super().facts(request, **names), **own}


class RecoveryPage(GuardedPage):
    question = "New recovery codes"
    button = "Make new codes"

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        codes = enrolment.renew_recovery_codes(self.own(request))
        return render(request, "accounts/recovery.html", {"codes": codes})


class TwoFactorOffPage(GuardedPage):
    question = "Turn off two-factor log-in"
    button = "Turn off"

    def act(self, request: HttpRequest, form: forms.Form, **names: str) -> HttpResponse:
        user = self.own(request)
        enrolment.remove(user, actor=user.email)
        update_session_auth_hash(request, user)
        messages.success(request, "Two-factor log-in is off.")
        return redirect("account")


def _key_facts(user: User) -> dict[str, Any]:
    key = enrolment.key_of(user)
    parts = [key[at : at + 4] for at in range(0, len(key), 4)]
    return {"key": parts, "qr": _qr(enrolment.address_of(user, key))}


def _qr(text: str) -> SafeString:
    """An image that needs no address, as the page may load none but ours."""
    drawn = segno.make_qr(text, error="m").svg_inline(
        scale=4, border=2, dark="#000", light="#fff", svgclass="qr", omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 -- squares, not words
