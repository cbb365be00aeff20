"""Every WebSocket path."""

from typing import Any

from django.urls import URLPattern, re_path

from dashboard.socket import TenantSocket
from gateways.blackbox.socket import DevSocket, WebCallSocket
from gateways.blits.socket import BlitsSocket
from gateways.zeebee.socket import ZeebeeSocket
from realtime.consumer import SocketConsumer
from widgets.socket import VisitorSocket


class UnknownSocket(SocketConsumer):
    """Tells whoever connects to any other path that there is nothing."""

    auth_deadline = None

    async def on_connect(self) -> None:
        await self.fail("not_found", 4404, message="There is no socket at this address.")


def socket(pattern: str, consumer: type[SocketConsumer]) -> URLPattern:
    view: Any = consumer.as_asgi()
    return re_path(pattern, view)


websocket_urlpatterns = [
    socket(r"^(api/)?ws/chat$", VisitorSocket),
    socket(r"^api/ws/tenant$", TenantSocket),
    socket(r"^api/v1/ws/webCall$", WebCallSocket),
    socket(r"^api/v1/ws/dev$", DevSocket),
    socket(r"^ws$", ZeebeeSocket),
    socket(r"^$", BlitsSocket),
    socket("", UnknownSocket),
]
