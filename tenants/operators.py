"""What the pages of the admin have in common.

Operators work across all tenants, as the database's owner; a tenant's owners and admins inside
their tenant, as the confined role. What is changed is noted in the tenant's audit log.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action

from tenants import audit
from tenants.admin_rights import OwnersToo, OwnRecords, without
from tenants.credentials import Issued
from tenants.errors import LiveChatError
from tenants.ids import parse_uuid
from tenants.models import Credential, Tenant
from tenants.network import request_ip
from tenants.scope import TenantModel, confined_to, tenant_scope
from tenants.workplace import is_operator, own_rows, workplace

EVERYTHING = frozenset({"view", "add", "change", "delete"})
# In a query: the form was opened from a tenant's first steps, and leads back there.
PATH = "path"
SECRET_TEMPLATE = "operators/secret.html"  # noqa: S105 -- the name of a template


class OperatorsAdmin(OwnersToo, OwnRecords, ModelAdmin):
    """One kind of rows. Nothing is deleted here unless a page says so."""

    list_per_page = 50
    show_full_result_count = False
    formfield_overrides: ClassVar[Any] = {models.URLField: {"assume_scheme": "https"}}
    # Fields that are chosen once, when a row is made.
    fixed_fields: ClassVar[Sequence[str]] = ()
    # Whether the form that makes a row asks for so little that its own page is to follow.
    is_filled_in_later = False
    change_form_outer_before_template = "operators/way_back.html"
    title_of_step = ""
    # Fields that choose among the rows of the same tenant.
    own_choices: ClassVar[Sequence[str]] = ()
    # What fields are called where their own names are not for everybody.
    labels: ClassVar[Any] = {}
    # Fields and actions that are not for a tenant's own people.
    operators_fields: ClassVar[Sequence[str]] = ()
    operators_actions: ClassVar[Sequence[str]] = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        return own_rows(request, super().get_queryset(request))

    def get_form(self, *args: Any, **options: Any) -> Any:
        if self.labels:
            options = {"labels": self.labels, **options}
        return super().get_form(*args, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        if not is_operator(request):
            fields += self.operators_fields
        return fields + list(self.fixed_fields) if obj else fields

    def get_list_display(self, request: HttpRequest) -> Any:
        names = super().get_list_display(request)
        return names if is_operator(request) else [name for name in names if name != "tenant"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        # While a row is made the tenant is in the form, and drawn as nothing.
        return sets if is_operator(request) or obj is None else without("tenant", sets)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Name the tenant of whatever may be chosen; of tenants, a member can choose one."""
        place = workplace(request)
        if place is not None and db_field.related_model is Tenant:
            widget = forms.HiddenInput({"class": "own-tenant"})
            options |= {"initial": place.tenant_id, "widget": widget}
        field = super().formfield_for_foreignkey(db_field, request, **options)
        if field is not None:
            field.queryset = own_rows(request, field.queryset)
        if field is not None and issubclass(db_field.related_model, TenantModel):
            field.queryset = field.queryset.select_related("tenant").order_by("tenant__name", "pk")
            field.label_from_instance = label_of
        object_id = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        if db_field.name in self.own_choices and object_id:
            obj = self.get_object(request, object_id)
            field.queryset = field.queryset.filter(tenant_id=obj and tenant_of(obj))
        return field

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether an address may narrow the list down so.

        By its filters and keys: by any column, a mail's words could be guessed letter by letter.
        """
        filters = {getattr(one, "parameter_name", one) for one in self.get_list_filter(request)}
        keys = {field.name for field in self.opts.fields if field.is_relation or field.primary_key}
        is_offered = lookup.partition("__")[0] in filters | keys
        return is_offered and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        try:
            return super().changelist_view(request, *args, **names)
        except ValueError as error:
            # Django lets any year into its query, which takes none beyond 9999.
            raise BadRequest("The list cannot be narrowed so.") from error

    def step_title(self, request: HttpRequest) -> str:
        """What the form that makes a row is called, for who came by the first steps."""
        return self.title_of_step if PATH in request.GET else ""

    def extra_of(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What a form's page is to know beside its form; there is no row while one is made."""
        return {}

    def _way_back(self, request: HttpRequest, obj: Any) -> str:
        """Where the first steps are, for a form that was opened from there."""
        if PATH not in request.GET:
            return ""
        if obj is not None:
            return start_url(obj)
        tenant_id = parse_uuid(request.GET.get("tenant"))
        return reverse("admin:start", args=[tenant_id]) if tenant_id else reverse("admin:index")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Say what the domain refused; its transaction is undone by then."""
        obj = self.get_object(request, object_id) if object_id else None
        extra = {"way_back": self._way_back(request, obj), **self.extra_of(request, obj)}
        if obj is None and (title := self.step_title(request)):
            extra["title"] = request.title_of_step = title  # type: ignore[attr-defined]
        try:
            extra |= extra_context or {}
            answer = super().changeform_view(request, object_id, form_url, extra)
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
        if PATH not in request.GET:
            return HttpResponseRedirect(change_url(obj))
        if self.is_filled_in_later:
            return HttpResponseRedirect(f"{change_url(obj)}?{PATH}=1")
        return HttpResponseRedirect(start_url(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if PATH in request.GET:
            return HttpResponseRedirect(start_url(obj))
        return super().response_post_save_change(request, obj)

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

    def allows(self, request: HttpRequest, obj: Any) -> bool:
        """Whether somebody who may see a row may also act on it."""
        return True

    def offers(self, obj: Any, action: str) -> bool:
        """Whether an action makes sense for this row as it is."""
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        obj = self.get_object(request, str(object_id))
        return [
            action
            for action in super().get_actions_detail(request, object_id)
            if obj is not None
            and self.allows(request, obj)
            and self._may_act(request, action.action_name)
            and self.offers(obj, self._short(action.action_name))
        ]

    def _short(self, url_name: str) -> str:
        return url_name.removeprefix(f"{self.opts.app_label}_{self.opts.model_name}_")

    def _may_act(self, request: HttpRequest, url_name: str) -> bool:
        return is_operator(request) or self._short(url_name) not in self.operators_actions

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
        match = request.resolver_match
        if match is None or not self._may_act(request, match.url_name or ""):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.allows(request, obj):
            raise PermissionDenied
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
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": obj,
            "title": title,
            "back": start_url(obj) if PATH in request.GET else change_url(obj),
            **context,
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


def label_of(row: Any) -> str:
    """What a row is called among others, which may be those of other tenants."""
    return str(row) if confined_to() else f"{row.tenant} · {row}"


def actor(request: HttpRequest) -> str:
    """How the audit log names who is at work."""
    return getattr(request.user, "email", "")


def tenant_of(obj: models.Model) -> UUID:
    tenant_id: UUID = getattr(obj, "tenant_id", obj.pk)
    return tenant_id


def change_url(obj: models.Model) -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def start_url(obj: models.Model) -> str:
    """The first steps of the tenant that a row belongs to."""
    return reverse("admin:start", args=[tenant_of(obj)])


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
