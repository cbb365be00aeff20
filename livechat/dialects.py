"""In whose words an error is told that comes before any view: those that the path belongs to."""

from typing import Any

from gateways.blits import errors as blits
from tenants import rest
from tenants.errors import LiveChatError

DIALECTS = {"/api/external": blits.error_body}


def error_body(path: str, error: LiveChatError) -> dict[str, Any]:
    for root, speak in DIALECTS.items():
        if path == root or path.startswith(f"{root}/"):
            return speak(error)
    return rest.error_body(error)
