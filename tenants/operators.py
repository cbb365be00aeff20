"""What the pages of the operators' admin have in common.

They work across all tenants, as the database's owner; what they change, they change in its
tenant's scope and note in its audit log.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action

from tenants import audit
from tenants.credentials import Issued
from tenants.errors import LiveChatError
from tenants.models import Credential
from tenants.network import request_ip
from tenants.scope import TenantModel, tenant_scope

SECRET_TEMPLATE = "operators/secret.html"  # noqa: S105 -- the name of a template


class OperatorsAdmin(ModelAdmin):
    """One kind of rows. Nothing is deleted here unless a page says so."""

    list_per_page = 50
    show_full_result_count = False
    formfield_overrides: ClassVar[Any] = {models.URLField: {"assume_scheme": "https"}}
    # Fields that are chosen once, when a row is made.
    fixed_fields: ClassVar[Sequence[str]] = ()
    # Fields that choose among the rows of the same tenant.
    own_choices: ClassVar[Sequence[str]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields + list(self.fixed_fields) if obj else fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Name the tenant of whatever may be chosen."""
        field = super().formfield_for_foreignkey(db_field, request, **options)
        if field is not None and issubclass(db_field.related_model, TenantModel):
            field.queryset = field.queryset.select_related("tenant").order_by("tenant__name", "pk")
            field.label_from_instance = lambda row: f"{row.tenant} · {row}"
        object_id = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        if db_field.name in self.own_choices and object_id:
            obj = self.get_object(request, object_id)
            field.queryset = field.queryset.filter(tenant_id=obj and tenant_of(obj))
        return field

    def changelist_view(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        try:
            return super().changelist_view(request, *args, **names)
        except ValueError as error:
            # Django lets any year into its query, which takes none beyond 9999.
            raise BadRequest("The list cannot be narrowed so.") from error

    def changeform_view(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        """Say what the domain refused; its transaction is undone by then."""
        try:
            answer = super().changeform_view(request, *args, **names)
            return answer.render() if isinstance(answer, TemplateResponse) else answer
        except LiveChatError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.get_full_path())
        except ValidationError as error:
            # A field that completes names cannot be drawn with an id that is none.
            raise BadRequest("A choice in this form is not valid.") from error

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with tenant_scope(tenant_of(obj)):
            super().save_model(request, obj, form, change)
            self.note(request, obj, "changed" if change else "created", fields=form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        with tenant_scope(tenant_of(form.instance)):
            super().save_formset(request, form, formset, change)
            for obj in formset.new_objects:
                self.note(request, obj, "created")
            for obj, fields in formset.changed_objects:
                self.note(request, obj, "changed", fields=fields)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go on with what was made: there is more to fill in, or to copy."""
        return HttpResponseRedirect(change_url(obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with tenant_scope(tenant_of(obj)):
            self.note(request, obj, "deleted")
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def listed_of(self, tenant: models.Model) -> models.QuerySet[Any]:
        """The rows of a tenant that the list shows unless it is asked for others."""
        return self.model.objects.filter(tenant=tenant)

    def offers(self, obj: Any, action: str) -> bool:
        """Whether an action makes sense for this row as it is."""
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        obj = self.get_object(request, str(object_id))
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [
            action
            for action in super().get_actions_detail(request, object_id)
            if obj is not None and self.offers(obj, action.action_name.removeprefix(prefix))
        ]

    def note(self, request: HttpRequest, obj: Any, act: str, **details: Any) -> None:
        """Write what was done into the tenant's audit log; inside its scope."""
        audit.record(
            f"{obj._meta.model_name}.{act}",
            actor=actor(request),
            target=obj,
            details={"id": str(obj.pk), **details},
            ip=request_ip(request),
        )

    def show_issued(self, request: HttpRequest, issued: Issued) -> HttpResponse:
        """The page that shows a credential's text."""
        credential = issued.credential
        is_kept = credential.kind != Credential.Kind.API_KEY
        return self.page(
            request,
            credential,
            SECRET_TEMPLATE,
            str(credential),
            explanation="It can be shown again, on its own page."
            if is_kept
            else "Copy it now: it is not kept and cannot be shown again.",
            secrets=[(credential.get_kind_display(), issued.secret)],
        )

    def perform(
        self,
        request: HttpRequest,
        object_id: str,
        act: Callable[[Any], HttpResponse | None],
        *,
        title: str,
        question: str,
        button: str,
        done: str = "",
        form: forms.Form | None = None,
    ) -> HttpResponse:
        """Ask first, and act when the answer comes back: a link alone changes nothing."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if request.method != "POST" or (form is not None and not form.is_valid()):
            context = {"question": question, "button": button, "form": form}
            return self.page(request, obj, "operators/confirm.html", title, **context)
        try:
            response = act(obj)
        except (LiveChatError, ValidationError) as error:
            messages.error(request, _problem(error))
            response = None
        else:
            if done:
                messages.success(request, done)
        return response or HttpResponseRedirect(change_url(obj))

    def page(
        self, request: HttpRequest, obj: Any, template: str, title: str, **context: Any
    ) -> HttpResponse:
        """A page of ours in the admin's frame; never kept by a cache, as it may show a secret."""
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": obj,
            "title": title,
            "back": change_url(obj),
        }
        return TemplateResponse(
            request, template, context, headers={"Cache-Control": "no-store, private"}
        )


class DefaultAdmin(OperatorsAdmin):
    """Rows of which one in each tenant is the default; the first becomes it by itself."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with tenant_scope(obj.tenant_id):
            obj.is_default = obj.is_default or not self.model.objects.exists()
            super().save_model(request, obj, form, change)

    def offers(self, obj: Any, action: str) -> bool:
        return not (action == "make_default" and obj.is_default)

    @action(description="Make default", icon="star")
    def make_default(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(obj: Any) -> None:
            with tenant_scope(obj.tenant_id):
                rows = self.model.objects.select_for_update()
                rows.filter(is_default=True).update(is_default=False)
                rows.filter(pk=obj.pk).update(is_default=True)
                self.note(request, obj, "made_default")

        name = self.opts.verbose_name
        return self.perform(
            request,
            object_id,
            act,
            title="Make default",
            question=f"This {name} is used from now on where a request names none.",
            button="Make default",
            done=f"This {name} is the default now.",
        )


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea)
        options.setdefault("required", False)
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)


def actor(request: HttpRequest) -> str:
    """How the audit log names the operator who is at work."""
    return getattr(request.user, "email", "")


def tenant_of(obj: models.Model) -> UUID:
    tenant_id: UUID = getattr(obj, "tenant_id", obj.pk)
    return tenant_id


def change_url(obj: models.Model) -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def links(rows: Iterable[tuple[str, object, object]]) -> str:
    """A line for each address, with its name and what is to be said beside it."""
    lines = format_html_join("", '<span><a href="{}">{}</a> · {}</span>', rows)
    return format_html('<span class="links">{}</span>', lines) if lines else "–"


def credentials_of(subject: models.Model) -> str:
    """The keys that speak for a bubble or an assistant, each with its page."""
    rows = Credential.objects.filter(subject_id=subject.pk).order_by("-revoked_at", "-created_at")
    return links(
        (change_url(row), f"{row.get_kind_display()} of {row.created_at:%Y-%m-%d}", state_of(row))
        for row in rows
    )


def state_of(credential: Credential) -> str:
    """Whether a key works."""
    now = timezone.now()
    if credential.revoked_at:
        return f"revoked {credential.revoked_at:%Y-%m-%d}"
    if credential.expires_at and credential.expires_at <= now:
        return f"expired {credential.expires_at:%Y-%m-%d}"
    if credential.expires_at:
        return f"works until {credential.expires_at:%Y-%m-%d %H:%M} UTC"
    return "works"


def _problem(error: LiveChatError | ValidationError) -> str:
    return error.message if isinstance(error, LiveChatError) else " ".join(error.messages)
