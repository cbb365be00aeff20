"""Who and what a tenant has: the caller, its members, its assistants."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from assistants.models import Assistant
from conversations.pages import Page, by_id
from dashboard import shapes
from dashboard.callers import TeamView, members_of
from tenants import paging
from tenants.callers import at_work, grant_of
from tenants.models import Membership, Tenant
from tenants.sessions import MemberGrant
from widgets.inputs import checked


class MeView(TeamView):
    def get_permissions(self) -> list[BasePermission]:
        return []

    @extend_schema(operation_id="getMe", responses=shapes.Me)
    def get(self, request: Request) -> Response:
        """Who is calling, and what they may."""
        grant = grant_of(request)
        tenant = Tenant.objects.get(pk=grant.tenant_id)
        body: dict[str, Any] = {
            "tenant": {"id": str(tenant.id), "name": tenant.name},
            "member": None,
            "scopes": [],
        }
        if isinstance(grant, MemberGrant):
            member = members_of(tenant.id).get(pk=grant.membership_id)
            return Response({**body, "member": member_data(member)})
        return Response({**body, "scopes": list(grant.scopes)})


class MembersView(TeamView):
    @extend_schema(
        operation_id="listMembers",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Member),
    )
    def get(self, request: Request) -> Response:
        """The active members, who joined first coming first."""
        with at_work(request) as tenant_id:
            return Response(_page(request, members_of(tenant_id), member_data).data())


class AssistantsView(TeamView):
    @extend_schema(
        operation_id="listAssistants",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.Assistant),
    )
    def get(self, request: Request) -> Response:
        """The assistants, the oldest first."""
        with at_work(request):
            return Response(_page(request, Assistant.objects.all(), assistant_data).data())


def member_data(member: Membership) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "userId": str(member.user_id),
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
    }


def assistant_data(assistant: Assistant) -> dict[str, Any]:
    return {
        "id": str(assistant.id),
        "name": assistant.name,
        "isDefault": assistant.is_default,
        "published": assistant.production_id is not None,
    }


def _page(request: Request, rows: QuerySet[Any], render: Any) -> Page:
    given = checked(paging.PageQuery, request.query_params.dict())
    return by_id(rows, cursor=given.get("cursor"), size=given["limit"], render=render)
