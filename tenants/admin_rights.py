"""What a tenant's own people may do in the admin, without Django's tables of rights."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from tenants.workplace import is_operator, workplace


class OwnersToo:
    """Rights on a page: operators have all, and a tenant's owners and admins those named."""

    owners_may: frozenset[str] = frozenset({"view", "add", "change"})

    def may(self, request: HttpRequest, act: str) -> bool:
        if is_operator(request):
            return True
        return workplace(request) is not None and act in self.owners_may

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnRecords:
    """What was done to a row: for operators in Django's log, for all others in their audit log."""

    def history_view(self: Any, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        if is_operator(request):
            answer: HttpResponse = _parent(self).history_view(request, object_id, *args)
            return answer
        if self.get_object(request, object_id) is None:
            raise Http404
        listed = reverse("admin:tenants_auditentry_changelist")
        return HttpResponseRedirect(f"{listed}?{urlencode({'q': object_id})}")

    def log_addition(self, request: HttpRequest, *args: Any) -> Any:
        return _parent(self).log_addition(request, *args) if is_operator(request) else None

    def log_change(self, request: HttpRequest, *args: Any) -> Any:
        return _parent(self).log_change(request, *args) if is_operator(request) else None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return _parent(self).log_deletions(request, queryset) if is_operator(request) else None


def _parent(page: Any) -> Any:
    """The page without ``OwnRecords``, whose own bases know none of what it overrides."""
    return super(OwnRecords, page)


def without(unwanted: str, fieldsets: Any) -> list[Any]:
    """The same fields, but for one; a line that held nothing else goes too."""
    kept = []
    for title, options in fieldsets:
        lines = (
            tuple(name for name in line if name != unwanted) if isinstance(line, tuple) else line
            for line in options["fields"]
        )
        fields = [line for line in lines if line and line != unwanted]
        kept.append((title, {**options, "fields": fields}))
    return kept
