"""Logging in and out: ``/api/auth``."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import sessions
from tenants.authentication import bearer
from tenants.network import request_ip
from tenants.sessions import TokenPair

NO_STORE = {"Cache-Control": "no-store"}


class TokenPairOutput(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class RefreshInput(serializers.Serializer):
    refresh = serializers.CharField(max_length=2000)


class LogInView(APIView):
    class Input(serializers.Serializer):
        email = serializers.CharField(max_length=254)
        password = serializers.CharField(max_length=200, trim_whitespace=False)
        tenantId = serializers.CharField(max_length=64, required=False, allow_null=True)
        otp = serializers.CharField(max_length=32, required=False, allow_null=True)

    @extend_schema(operation_id="logIn", request=Input, responses=TokenPairOutput, auth=[])
    def post(self, request: Request) -> Response:
        return answer(log_in(request))


class RefreshView(APIView):
    @extend_schema(
        operation_id="refreshToken", request=RefreshInput, responses=TokenPairOutput, auth=[]
    )
    def post(self, request: Request) -> Response:
        return answer(sessions.refresh(validated(RefreshInput, request)["refresh"]))


class LogOutView(APIView):
    class Input(serializers.Serializer):
        refresh = serializers.CharField(max_length=2000, required=False)

    @extend_schema(
        operation_id="logOut",
        description="Ends the session of the refresh token, else of the Authorization header.",
        request=Input,
        responses={204: None},
        auth=[{"bearer": []}],  # type: ignore[list-item] # as OpenAPI wants it
    )
    def post(self, request: Request) -> Response:
        sessions.log_out(validated(self.Input, request).get("refresh") or bearer(request))
        return Response(status=204, headers=NO_STORE)


def log_in(request: Request) -> TokenPair:
    """Open a session for whoever the body names; raises what ``sessions.log_in`` does."""
    given = validated(LogInView.Input, request)
    return sessions.log_in(
        email=given["email"],
        password=given["password"],
        tenant_id=given.get("tenantId"),
        otp=given.get("otp"),
        ip=request_ip(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def answer(pair: TokenPair) -> Response:
    return Response({"access": pair.access, "refresh": pair.refresh}, headers=NO_STORE)


def validated(serializer: type[serializers.Serializer], request: Request) -> dict[str, str]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
