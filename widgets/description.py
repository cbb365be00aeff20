"""How the API's description shows the visitor's endpoints, the hot ones included."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from widgets import shapes
from widgets.inputs import ChatInput, PresenceInput, TrackInput

F = TypeVar("F", bound=Callable[..., Any])
TAGS = ["visitor"]
BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
SECRET = OpenApiParameter(
    "X-Session-Secret",
    location=OpenApiParameter.HEADER,
    description="From the session's first answer.",
)
KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Makes a repeat harmless.",
)
WIDGET = OpenApiParameter(
    "widget_id",
    type=OpenApiTypes.STR,
    location=OpenApiParameter.PATH,
    description="The tenant's id, or a bubble's public code.",
)


def described(
    operation_id: str,
    request: Any,
    responses: Any,
    *,
    token: bool = True,
    secret: bool = True,
    query: Any = None,
    extra: tuple[Any, ...] = (),
) -> Callable[[F], F]:
    """Describe one operation, with the credentials that it wants."""
    return extend_schema(
        operation_id=operation_id,
        tags=TAGS,
        request=request,
        responses=responses,
        parameters=[
            WIDGET,
            *([SECRET] if secret else ()),
            *([query] if query else ()),
            *extra,
        ],
        auth=BEARER if token else [],  # type: ignore[arg-type] # as OpenAPI wants it
    )


class Chat(APIView):
    @described(
        "sendChatMessage",
        ChatInput,
        {200: shapes.ChatAnswer, 202: shapes.ChatAnswer},
        extra=(KEY,),
    )
    def post(self, request: Request, widget_id: str) -> Response:
        """Send a message and wait for its answer."""
        raise NotImplementedError


class Track(APIView):
    @described("trackEvent", TrackInput, shapes.Success, secret=False)
    def post(self, request: Request, widget_id: str) -> Response:
        """Store what a page reports about its visitor."""
        raise NotImplementedError


class Config(APIView):
    @described(
        "getWidgetConfig",
        None,
        shapes.ConfigAnswer,
        token=False,
        secret=False,
        query=shapes.ConfigQuery,
    )
    def get(self, request: Request, widget_id: str) -> Response:
        """Every public setting of the bubble, and all texts; with an ETag."""
        raise NotImplementedError


class Presence(APIView):
    @described("reportPresence", PresenceInput, shapes.PresenceAnswer, token=False)
    def post(self, request: Request, widget_id: str) -> Response:
        """Tell the team where a visitor is, and hear whether it has written to them."""
        raise NotImplementedError


HOT = [
    ("chat", "POST", Chat),
    ("track", "POST", Track),
    ("presence", "POST", Presence),
    ("config", "GET", Config),
]


def add_hot_endpoints(endpoints: list[tuple[Any, ...]], **_: Any) -> list[tuple[Any, ...]]:
    """Tell drf-spectacular of the views that are not Django REST framework's."""
    hot = []
    for name, method, view in HOT:
        path = f"/api/widgets/{{widget_id}}/{name}"
        hot.append((path, path, method, view.as_view()))
    return [*endpoints, *hot]
