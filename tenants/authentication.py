"""Who is calling a REST endpoint: a member with a dashboard token, or a program with an API key."""

import re
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants import context, credentials, sessions
from tenants.credentials import Grant
from tenants.errors import Forbidden, Unauthorized
from tenants.models import Credential, Membership
from tenants.sessions import MemberGrant

BEARER = re.compile(r"Bearer ([\x21-\x7e]{1,2000})", re.ASCII | re.IGNORECASE)
RANKS = [Membership.Role.AGENT, Membership.Role.ADMIN, Membership.Role.OWNER]


def bearer(request: HttpRequest | Request) -> str:
    """The token of the Authorization header. Raises Unauthorized without one."""
    match = BEARER.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        raise Unauthorized("Send a token as Authorization: Bearer …")
    return match[1]


class TokenAuthentication(BaseAuthentication):
    """Sets ``request.auth`` to a MemberGrant, or to the Grant of an API key."""

    def authenticate(self, request: Request) -> tuple[Any, MemberGrant | Grant]:
        text = bearer(request)
        grant = self.verify(text, request)
        context.tenant_id.set(str(grant.tenant_id))
        return None, grant

    def verify(self, text: str, request: Request) -> MemberGrant | Grant:
        if text.startswith(credentials.PREFIXES[Credential.Kind.API_KEY]):
            return credentials.verify(
                text, kinds=[Credential.Kind.API_KEY], origin=request.headers.get("Origin")
            )
        return sessions.verify_access(text)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class MemberAuthentication(TokenAuthentication):
    """Members only."""

    def verify(self, text: str, request: Request) -> MemberGrant:
        return sessions.verify_access(text)


class MayUse(BasePermission):
    """Members by their role, API keys by their scopes; ``MayUse.with_(role=…, scope=…)``."""

    role: str = Membership.Role.AGENT
    scope = ""

    @classmethod
    def with_(cls, *, scope: str, role: str = Membership.Role.AGENT) -> type["MayUse"]:
        return type("MayUse", (cls,), {"role": role, "scope": scope})

    def has_permission(self, request: Request, view: Any) -> bool:
        grant = request.auth
        if grant is None:
            raise Unauthorized
        if isinstance(grant, Grant) and not grant.allows(self.scope):
            raise Forbidden(f"This key lacks the scope {self.scope}.", code="missing_scope")
        if isinstance(grant, MemberGrant) and not has_rank(grant.role, self.role):
            raise Forbidden("Your role does not allow this.", code="missing_role")
        return True


def has_rank(role: str, at_least: str) -> bool:
    ranks = list(map(str, RANKS))
    return role in ranks and ranks.index(role) >= ranks.index(str(at_least))


class TokenScheme(OpenApiAuthenticationExtension):
    """How the API's description names our tokens."""

    target_class = TokenAuthentication
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
