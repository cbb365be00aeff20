"""Whose rows a request of the admin is about: operators' are all tenants', members' their own.

Owners and admins of a tenant work in the tenant's scope, which the database enforces; rows of
tables without a policy are narrowed down by ``own_rows``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse

from tenants import second_factor
from tenants.models import Membership, Tenant, User
from tenants.scope import confined_scope

ROLES = (Membership.Role.OWNER, Membership.Role.ADMIN)
CHOSEN = "tenant"
# It needs the sessions' table, which only the database's owner may touch.
PERSONAL = {"logout"}


def is_operator(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.is_active and user.is_staff and user.is_superuser)


def workplaces(user: Any) -> list[Membership]:
    """Where a person may see to things, by the tenants' names.

    Not where a second factor is wanted, of somebody who has none.
    """
    if not user.is_active:
        return []
    rows = user.memberships.filter(is_active=True, role__in=ROLES, tenant__suspended_at=None)
    if second_factor.of(user) is None:
        rows = rows.filter(tenant__two_factor_required=False)
    return list(rows.select_related("tenant", "user").order_by("tenant__name", "pk"))


def may_enter(user: User) -> bool:
    return user.is_active and (user.is_superuser or bool(workplaces(user)))


def workplace(request: HttpRequest) -> Membership | None:
    """The membership that a request is made by; None for an operator and for a stranger.

    Asked first outside of the tenant's scope, and kept for as long as the request lasts.
    """
    if not hasattr(request, "workplace"):
        found = _find(request)
        request.workplace = found  # type: ignore[attr-defined]
    kept: Membership | None = request.workplace  # type: ignore[attr-defined]
    return kept


def workplaces_of(request: HttpRequest) -> list[Membership]:
    """All memberships that a request could be made by."""
    workplace(request)
    return list(getattr(request, "workplaces", ()))


def own_rows(request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """What of these rows is the asker's to see, tables without a policy included."""
    if is_operator(request):
        return rows
    place = workplace(request)
    if place is None:
        return rows.none()
    if rows.model is Tenant:
        return rows.filter(pk=place.tenant_id)
    if any(field.name == "tenant" for field in rows.model._meta.fields):
        return rows.filter(tenant=place.tenant_id)
    return rows.none()


def confined(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Run a page of the admin in its asker's tenant, unless that is an operator.

    The page is drawn before its transaction ends: lists are read while they are drawn.
    """

    def answer(request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        place = workplace(request)
        match = request.resolver_match
        if place is None or (match is not None and match.url_name in PERSONAL):
            return view(request, *args, **names)
        with confined_scope(place.tenant_id) as alias:
            response = view(request, *args, **names)
            if isinstance(response, SimpleTemplateResponse):
                response = response.render()
            if response.status_code >= 500:
                transaction.set_rollback(True, using=alias)
        return response

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        response = answer(request, *args, **names)
        if act := getattr(request, "afterwards", None):
            act()
        return response

    return inner


def afterwards(request: HttpRequest, act: Callable[[], None]) -> None:
    """Do what waits for somebody else's server once the page's transaction is over."""
    request.afterwards = act  # type: ignore[attr-defined]


def _find(request: HttpRequest) -> Membership | None:
    user: Any = request.user
    if not user.is_authenticated or is_operator(request):
        return None
    found = workplaces(user)
    request.workplaces = found  # type: ignore[attr-defined]
    chosen = request.session.get(CHOSEN, "")
    by_tenant = {str(row.tenant_id): row for row in found}
    return by_tenant.get(chosen) or (found[0] if found else None)
