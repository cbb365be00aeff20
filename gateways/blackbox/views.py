"""``/api/v1/web-integrations``: the team sets up where BlackBox clients come in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistants.models.tool import NAME
from assistants.queries import assistant_by_id
from conversations.announcements import text_or_none, timestamp
from conversations.pages import by_id
from gateways.blackbox import shapes
from gateways.blackbox.integrations import (
    change_integration,
    create_integration,
    delete_integration,
    integration_by_id,
    issue_token,
    token_by_id,
    tokens_of,
)
from gateways.models import WebIntegration
from tenants import credentials, paging
from tenants.authentication import MayUse, TokenAuthentication
from tenants.callers import at_work, audited_name
from tenants.errors import BadRequest
from tenants.models import Credential, Membership
from widgets.inputs import Flag, Text, checked
from widgets.models import validate_origin

FIELDS = {
    "name": "name",
    "allowWebChat": "allow_web_chat",
    "allowWebCall": "allow_web_call",
    "origins": "origins",
    "browserTools": "browser_tools",
}
LONGEST_LIST = 100


class Name(Text):
    """What people tell one from another by."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data).strip()
        if not name:
            self.fail("blank")
        return name


class Changes(serializers.Serializer):
    name = Name(max_length=100)
    assistantId = Text(allow_null=True, required=False)
    allowWebChat = Flag(required=False)
    allowWebCall = Flag(required=False)
    origins = serializers.ListField(
        child=Text(max_length=300, validators=[validate_origin]),
        max_length=LONGEST_LIST,
        required=False,
    )
    browserTools = serializers.ListField(
        child=serializers.RegexField(NAME, max_length=64), max_length=LONGEST_LIST, required=False
    )


class IntegrationsView(APIView):
    """For admins, and for keys with the scope."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [MayUse.with_(scope="integrations", role=Membership.Role.ADMIN)]


class WebIntegrationsView(IntegrationsView):
    class Input(Changes):
        pass

    @extend_schema(
        operation_id="listWebIntegrations",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.WebIntegration),
    )
    def get(self, request: Request) -> Response:
        """The web integrations, the oldest first."""
        with at_work(request):
            return Response(_page(request, WebIntegration.objects.all(), integration_data))

    @extend_schema(
        operation_id="createWebIntegration",
        request=Input,
        responses={201: shapes.WebIntegration},
    )
    def post(self, request: Request) -> Response:
        """Make a web integration; it has no tokens yet."""
        with at_work(request):
            fields = _fields(checked(self.Input, request.data))
            made = create_integration(actor=audited_name(request), **fields)
            return Response(integration_data(made), status=201)


class WebIntegrationView(IntegrationsView):
    class Input(Changes):
        name = Name(max_length=100, required=False)

    @extend_schema(operation_id="getWebIntegration", responses=shapes.WebIntegration)
    def get(self, request: Request, integration_id: str) -> Response:
        with at_work(request):
            return Response(integration_data(integration_by_id(integration_id)))

    @extend_schema(
        operation_id="changeWebIntegration", request=Input, responses=shapes.WebIntegration
    )
    def patch(self, request: Request, integration_id: str) -> Response:
        """Change what the body names; sockets that are open keep to what was."""
        with at_work(request):
            integration = integration_by_id(integration_id)
            fields = _fields(checked(self.Input, request.data))
            change_integration(integration, actor=audited_name(request), **fields)
            return Response(integration_data(integration))

    @extend_schema(operation_id="deleteWebIntegration", responses={204: None})
    def delete(self, request: Request, integration_id: str) -> Response:
        """Delete it and revoke its tokens; the conversations stay."""
        with at_work(request):
            delete_integration(integration_by_id(integration_id), actor=audited_name(request))
            return Response(status=204)


class WebIntegrationTokensView(IntegrationsView):
    class Input(serializers.Serializer):
        name = Name(max_length=100)

    @extend_schema(
        operation_id="listWebIntegrationTokens",
        parameters=[paging.PageQuery],
        responses=paging.page(shapes.WebIntegrationToken),
    )
    def get(self, request: Request, integration_id: str) -> Response:
        """Its tokens that were not revoked, the oldest first, without their texts."""
        with at_work(request):
            tokens = tokens_of(integration_by_id(integration_id).pk)
            return Response(_page(request, tokens, token_data))

    @extend_schema(
        operation_id="createWebIntegrationToken",
        request=Input,
        responses={201: shapes.NewWebIntegrationToken},
    )
    def post(self, request: Request, integration_id: str) -> Response:
        """Make a token; 409 when a token of the integration has this name."""
        with at_work(request):
            integration = integration_by_id(integration_id)
            name = checked(self.Input, request.data)["name"]
            issued = issue_token(integration, name=name, actor=audited_name(request))
            made = issued.credential
            body = {"id": str(made.id), "name": made.name, "token": issued.secret}
            return Response(body, status=201)


class WebIntegrationTokenView(IntegrationsView):
    @extend_schema(operation_id="revokeWebIntegrationToken", responses={204: None})
    def delete(self, request: Request, integration_id: str, token_id: str) -> Response:
        """Revoke a token; its open sockets are closed within two seconds."""
        with at_work(request):
            token = token_by_id(integration_by_id(integration_id), token_id)
            credentials.revoke(token, actor=audited_name(request))
            return Response(status=204)


def integration_data(integration: WebIntegration) -> dict[str, Any]:
    return {
        "id": str(integration.id),
        "assistantId": text_or_none(integration.assistant_id),
        **{ours: getattr(integration, field) for ours, field in FIELDS.items()},
        "createdAt": timestamp(integration.created_at),
        "updatedAt": timestamp(integration.updated_at),
    }


def token_data(token: Credential) -> dict[str, Any]:
    return {
        "id": str(token.id),
        "name": token.name,
        "createdAt": timestamp(token.created_at),
        "expiresAt": timestamp(token.expires_at) if token.expires_at else None,
        "lastUsedAt": timestamp(token.last_used_at) if token.last_used_at else None,
    }


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """The model's fields that a body names. Raises BadRequest for another tenant's assistant."""
    fields = {FIELDS[name]: value for name, value in given.items() if name in FIELDS}
    if "assistantId" in given:
        fields["assistant"] = None
        if given["assistantId"] is not None:
            fields["assistant"] = assistant_by_id(given["assistantId"])
            if fields["assistant"] is None:
                raise BadRequest("There is no such assistant.", code="unknown_assistant")
    return fields


def _page(request: Request, rows: Any, render: Any) -> dict[str, Any]:
    given = checked(paging.PageQuery, request.query_params.dict())
    return by_id(rows, cursor=given.get("cursor"), size=given["limit"], render=render).data()
