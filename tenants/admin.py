"""The admin's pages for customers, people, credentials and the audit log."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm

from tenants import (
    account_mail,
    credentials,
    enrolment,
    invitations,
    second_factor,
    sessions,
)
from tenants import admin_mail as admin_mail  # its pages
from tenants import admin_security as admin_security  # likewise
from tenants.admin_forms import (
    MembershipForm,
    NewMembershipForm,
    NewTenantForm,
    NewUserForm,
)
from tenants.admin_rights import without
from tenants.models import Credential, Invitation, Membership, Tenant, User
from tenants.onboarding import add_member
from tenants.operators import (
    PATH,
    OperatorsAdmin,
    actor,
    change_url,
    links,
    start_url,
)
from tenants.scope import tenant_scope
from tenants.workplace import is_operator, workplace

ADMIN, OWNER = Membership.Role.ADMIN, Membership.Role.OWNER

admin.site.unregister(Group)
admin.site.login_template = "accounts/log_in.html"

# What belongs to a tenant; the rooms above this one are known here by their names alone.
PARTS = {
    "Assistants": "assistants.Assistant",
    "Model providers": "assistants.Provider",
    "Tools": "assistants.Tool",
    "Knowledge": "assistants.KnowledgeSource",
    "Bubbles": "widgets.Bubble",
    "Web integrations": "gateways.WebIntegration",
    "Members": "tenants.Membership",
    "Teams": "conversations.Team",
    "Invitations": "tenants.Invitation",
    "Credentials": "tenants.Credential",
    "Conversations": "conversations.Conversation",
    "Usage": "assistants.UsageEntry",
    "Audit log": "tenants.AuditEntry",
    "Mail": "tenants.Mail",
}
NOT_ADDED = {
    "assistants.KnowledgeSource",
    "assistants.UsageEntry",
    "conversations.Conversation",
    "tenants.AuditEntry",
    "tenants.Invitation",
    "tenants.Mail",
}


@admin.register(Tenant)
class TenantAdmin(OperatorsAdmin):
    """A tenant is suspended, never deleted here: its data are its own."""

    owners_may = frozenset({"view", "change"})
    title_of_step = "New customer"
    operators_fields = ("slug", "guests_allowed", "is_demo")
    operators_actions = ("suspend", "resume")
    labels: ClassVar[Any] = {"guests_allowed": "Guests on ZeebeeAI's socket", "is_demo": "Demo"}
    list_display = ("name", "slug", "state", "created_at")
    search_fields = ("name", "slug", "=id")
    readonly_fields = ("id", "state", "pages", "created_at")
    prepopulated_fields = {"slug": ("name",)}
    actions_detail = ("identity_secret", "suspend", "resume")
    add_fieldsets = (
        (None, {"fields": (("name", "slug"),)}),
        ("Owner", {"fields": (("email", "person"), "password")}),
    )
    fieldsets = (
        (None, {"fields": (("name", "slug"), ("id", "state"), "pages")}),
        ("Contact", {"fields": (("phone_number", "logo_url"), "brand_color")}),
        (
            "Access and limits",
            {"fields": (("two_factor_required", "sees_typing"), ("guests_allowed", "is_demo"))},
        ),
    )

    def step_title(self, request: HttpRequest) -> str:
        return self.title_of_step

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        # Only demos are told that they are one.
        is_theirs = is_operator(request) or obj is None or obj.is_demo
        return sets if is_theirs else without("is_demo", sets)

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        if obj is None:
            options["form"] = NewTenantForm
        return super().get_form(request, obj, **options)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            _take_in(request, obj, Membership.Role.OWNER, form)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(start_url(obj))

    @action(description="Identity secret", icon="fingerprint")
    def identity_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(tenant: Tenant) -> HttpResponse:
            kind = Credential.Kind.IDENTITY_SECRET
            known = credentials.working(tenant.pk, kind)
            if known:
                issued = credentials.Issued(known[0], credentials.reveal(known[0]))
            else:
                issued = credentials.issue(tenant, kind, actor=actor(request))
            return self.show_issued(request, issued)

        return self.perform(
            request,
            object_id,
            act,
            title="Identity secret",
            question="Your site signs with it who is logged in. Whoever has it can pass for any of "
            "your users: keep it on your server. Its own page replaces it.",
            button="Show the secret",
        )

    @action(description="Suspend", icon="block")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda tenant: self._set_suspended(request, tenant, True),
            title="Suspend",
            question="Nobody may log in and no token works, from within two seconds on.",
            button="Suspend",
            done="This tenant is suspended.",
        )

    @action(description="Resume", icon="play_arrow")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda tenant: self._set_suspended(request, tenant, False),
            title="Resume",
            question="People may log in again and tokens work again.",
            button="Resume",
            done="This tenant is active again.",
        )

    def _set_suspended(self, request: HttpRequest, tenant: Tenant, suspended: bool) -> None:
        with tenant_scope(tenant.pk):
            tenant.suspended_at = timezone.now() if suspended else None
            tenant.save(update_fields=["suspended_at"])
            self.note(request, tenant, "suspended" if suspended else "resumed")

    @display(description="State", label={"active": "success", "suspended": "danger"})
    def state(self, tenant: Tenant) -> str:
        return "suspended" if tenant.is_suspended else "active"

    def offers(self, obj: Tenant, action: str) -> bool:
        return action in ("identity_secret", "resume" if obj.is_suspended else "suspend")

    @display(description="What it has")
    def pages(self, tenant: Tenant) -> str:
        begin = (start_url(tenant), "First steps", "how far it is")
        used = (reverse("admin:usage", args=[tenant.pk]), "Usage by day", "and its limits")
        return links([begin, used, *_pages_of(tenant)])


@admin.register(User)
class UserAdmin(BaseUserAdmin, OperatorsAdmin):  # type: ignore[misc] # Django's own combination
    """People who log in. What they may do in a tenant is their membership's business."""

    owners_may = frozenset()
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = (
        "email_verified_at",
        "two_factor",
        "last_login",
        "created_at",
        "memberships",
    )
    actions_detail = ("reset_second_factor",)
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2", "is_staff")}),)
    fieldsets = (
        (None, {"fields": (("email", "name"), "password", ("is_active", "is_staff"))}),
        ("Proof", {"fields": (("email_verified_at", "two_factor"),)}),
        ("Where", {"fields": ("memberships", ("last_login", "created_at"))}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # Operators may do everything here: there is nothing in between.
        obj.is_superuser = obj.is_staff
        if change and "email" in form.changed_data:
            obj.email_verified_at = None
            account_mail.notify(obj, "emailSet", to=form.initial["email"], email=obj.email)
        obj.save()
        self._note_everywhere(request, obj, "changed" if change else "created", form.changed_data)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=id)
            sessions.end_sessions(user=user)
            account_mail.notify(user, "passwordSet")
            self._note_everywhere(request, user, "password_set", [])
        return response

    @action(description="Reset two-factor log-in", icon="phonelink_erase")
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda user: enrolment.remove(user, actor=actor(request)),
            title="Reset two-factor log-in",
            question="The password alone lets this person in again, who is told so by mail."
            " Make sure that it is this person who asks.",
            button="Reset",
            done="Two-factor log-in is off for this person.",
        )

    def offers(self, obj: User, action: str) -> bool:
        return second_factor.of(obj) is not None

    @display(description="Two-factor log-in", boolean=True)
    def two_factor(self, user: User) -> bool:
        return second_factor.of(user) is not None

    def _note_everywhere(
        self, request: HttpRequest, user: User, act: str, fields: list[str]
    ) -> None:
        """A person's account concerns every tenant that the person is a member of."""
        for tenant_id in user.memberships.values_list("tenant_id", flat=True):
            with tenant_scope(tenant_id):
                self.note(request, user, act, fields=fields)

    @display(description="Member of")
    def memberships(self, user: User) -> str:
        rows = user.memberships.select_related("tenant")
        return links((change_url(row), row.tenant, row.get_role_display()) for row in rows)


@admin.register(Membership)
class MembershipAdmin(OperatorsAdmin):
    list_display = ("user", "tenant", "role", "is_active", "created_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "user__name", "tenant__name")
    autocomplete_fields = ("tenant",)
    title_of_step = "Invite a colleague"
    fixed_fields = ("tenant", "user")
    add_fieldsets = (
        (None, {"fields": ("tenant", "role")}),
        ("Person", {"fields": (("email", "person"), "password")}),
    )
    fieldsets = ((None, {"fields": (("user", "tenant"), ("role", "is_active"))}),)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes what they are themselves, and admins nobody who is an owner."""
        editor = workplace(request)
        if editor is not None and obj is not None and not _may_change(editor, obj):
            return False
        return super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        return sets if obj or is_operator(request) else without("password", sets)

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        options["form"] = NewMembershipForm if obj is None else MembershipForm
        form = super().get_form(request, obj, **options)
        form.editor = workplace(request)
        return form

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        taken_in = _take_in(request, obj.tenant, obj.role, form)
        # The page goes on with the object of its form.
        if isinstance(taken_in, Membership):
            vars(obj).update(vars(taken_in))
        else:
            obj.user = User(email=taken_in.email)
            request.invitation = taken_in  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: Membership, message: Any) -> Any:
        # Whoever is invited is no member yet.
        return None if obj._state.adding else super().log_addition(request, obj, message)

    def response_add(self, request: HttpRequest, obj: Membership, *args: Any) -> HttpResponse:
        if invitation := getattr(request, "invitation", None):
            is_on_path = PATH in request.GET
            page = start_url(invitation) if is_on_path else change_url(invitation)
            return HttpResponseRedirect(page)
        return super().response_add(request, obj, *args)


def _may_change(editor: Membership, membership: Membership) -> bool:
    is_outranked = editor.role == ADMIN and membership.role == OWNER
    return membership.pk != editor.pk and not is_outranked


def _pages_of(tenant: Tenant) -> Iterator[tuple[str, str, str]]:
    """Where to see what a tenant has, how much of it, and where to add more."""
    for title, label in PARTS.items():
        name = label.replace(".", "_").lower()
        page: Any = admin.site.get_model_admin(apps.get_model(label))
        count = page.listed_of(tenant).count()
        add = format_html(
            '{} · <a href="{}?tenant={}">add</a>', count, reverse(f"admin:{name}_add"), tenant.pk
        )
        yield (
            f"{reverse(f'admin:{name}_changelist')}?tenant__id__exact={tenant.pk}",
            title,
            str(count) if label in NOT_ADDED else add,
        )


def _take_in(request: HttpRequest, tenant: Tenant, role: str, form: Any) -> Membership | Invitation:
    """Make a member of whom a password was chosen for, and invite everybody else."""
    person = form.person_fields()
    if person["password"]:
        return add_member(tenant, role=role, actor=actor(request), **person).membership
    invitation = invitations.invite(
        tenant, email=person["email"], name=person["name"], role=role, actor=actor(request)
    )
    messages.success(request, f"An invitation is on its way to {invitation.email}.")
    return invitation
