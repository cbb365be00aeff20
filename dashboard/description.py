"""``/api/schema``: the API's description, as programs read it."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class DescriptionView(APIView):
    """The same for everybody, whatever they ask for beside it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OpenApiJsonRenderer, OpenApiJsonRenderer2)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(_description())


@cache
def _description() -> dict[str, Any]:
    """Made once in each process: it takes a second, and anybody may ask for it."""
    description: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return description
