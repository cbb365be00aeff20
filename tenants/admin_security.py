"""The admin's pages for credentials and the audit log."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from tenants import credentials
from tenants.admin_forms import GraceForm, NewKeyForm
from tenants.models import AuditEntry, Credential
from tenants.operators import OperatorsAdmin, actor, state_of


@admin.register(Credential)
class CredentialAdmin(OperatorsAdmin):
    """Every key of every tenant: made, shown, replaced and revoked."""

    list_display = ("__str__", "tenant", "kind", "state", "last_used_at", "created_at")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name", "=id", "=subject_id")
    ordering = ("-created_at",)
    autocomplete_fields = ("tenant",)
    actions_detail = ("show", "rotate", "revoke")
    add_fieldsets = (
        (None, {"fields": ("tenant", "name")}),
        ("What it may", {"fields": ("scopes", "origins", "expires_at")}),
    )
    fields = (
        ("name", "tenant"),
        ("kind", "state"),
        ("id", "subject_id"),
        ("scopes", "origins"),
        ("created_at", "last_used_at", "expires_at"),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        if obj is None:
            options["form"] = NewKeyForm
        return super().get_form(request, obj, **options)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A key is replaced, not changed; its actions ask for the right to add one.
        return False

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        given = form.cleaned_data
        issued = credentials.issue(
            given["tenant"],
            Credential.Kind.API_KEY,
            name=given["name"],
            scopes=given["scopes"],
            origins=given["origins"],
            expires_at=given["expires_at"],
            actor=actor(request),
        )
        # The page goes on with the object of its form.
        vars(obj).update(vars(issued.credential))
        request.issued = issued  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Credential, *args: Any) -> HttpResponse:
        return self.show_issued(request, request.issued)  # type: ignore[attr-defined]

    def offers(self, obj: Credential, action: str) -> bool:
        if action == "show":
            return obj.kind != Credential.Kind.API_KEY
        return obj.revoked_at is None

    @action(description="Show", icon="visibility")
    def show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda credential: self.show_issued(
                request, credentials.Issued(credential, credentials.reveal(credential))
            ),
            title="Show this credential",
            question="Its text appears on the next page. An API key's text is not kept.",
            button="Show",
        )

    @action(description="Rotate", icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = GraceForm(request.POST or None, initial={"grace": "24"})
        return self.perform(
            request,
            object_id,
            lambda credential: self.show_issued(
                request,
                credentials.rotate(credential, grace=form.period(), actor=actor(request)),
            ),
            form=form,
            title="Rotate",
            question="A new credential takes the place of this one.",
            button="Rotate",
        )

    @action(description="Revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda credential: credentials.revoke(credential, actor=actor(request)),
            title="Revoke",
            question="It stops working at once and for ever; its open sockets are closed.",
            button="Revoke",
            done="This credential is revoked.",
        )

    @display(description="State")
    def state(self, credential: Credential) -> str:
        return state_of(credential)


@admin.register(AuditEntry)
class AuditEntryAdmin(OperatorsAdmin):
    """Read, never written here."""

    list_display = ("at", "tenant", "actor", "action", "target", "ip")
    list_select_related = ("tenant",)
    search_fields = ("actor", "action", "target", "=details__id", "tenant__name")
    ordering = ("-at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
