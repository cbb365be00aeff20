"""The visitor's sockets."""

from typing import Any

from django.urls import re_path

from widgets.socket import VisitorSocket

_socket: Any = VisitorSocket.as_asgi()
websocket_urlpatterns = [re_path(r"^/?api/ws/chat/?$", _socket), re_path(r"^/?ws/chat/?$", _socket)]
