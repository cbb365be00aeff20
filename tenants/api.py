"""Logging in and out: ``/api/auth``."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import limits, sessions
from tenants.network import request_ip

NO_TENANT = "platform"


class TokenPairOutput(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class RefreshInput(serializers.Serializer):
    refresh = serializers.CharField(max_length=2000)


class LogInView(APIView):
    class Input(serializers.Serializer):
        email = serializers.CharField(max_length=254)
        password = serializers.CharField(max_length=200, trim_whitespace=False)
        tenantId = serializers.CharField(max_length=64, required=False)
        otp = serializers.CharField(max_length=16, required=False)

    @extend_schema(operation_id="logIn", request=Input, responses=TokenPairOutput, auth=[])
    def post(self, request: Request) -> Response:
        given = validated(self.Input, request)
        ip = request_ip(request)
        limits.hit(limits.LOG_IN, NO_TENANT, given["email"].strip().lower(), ip)
        pair = sessions.log_in(
            email=given["email"],
            password=given["password"],
            tenant_id=given.get("tenantId"),
            ip=ip,
            user_agent=request.headers.get("User-Agent", ""),
        )
        return Response(vars(pair))


class RefreshView(APIView):
    @extend_schema(
        operation_id="refreshToken", request=RefreshInput, responses=TokenPairOutput, auth=[]
    )
    def post(self, request: Request) -> Response:
        return Response(vars(sessions.refresh(validated(RefreshInput, request)["refresh"])))


class LogOutView(APIView):
    @extend_schema(operation_id="logOut", request=RefreshInput, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        sessions.log_out(validated(RefreshInput, request)["refresh"])
        return Response(status=204)


def validated(serializer: type[serializers.Serializer], request: Request) -> dict[str, str]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
