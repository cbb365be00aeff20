"""Every route of the product, and requests to it as somebody who may make them."""

import re

from django.urls import get_resolver

from tests.widgets.files import PNG

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
NOWHERE = "01a22b77-0000-7000-8000-000000000000"
MODEL = re.compile(r"admin/(\w+)/(\w+)/<(?:path:object_id|id)>/")
PATTERNS = {
    "^(?P<app_label>": "tenants/",
    "(?P<url>.*)$": "nowhere",
    "^api/external": "api/external/nowhere",
}
# Last, as nothing works after it.
LAST = ("/logout", "/identify", "/end", "/close")


def routes():
    """Each as ``METHOD template``; those of the resolver, and what is served in front of it."""
    found = {"GET static/dist/chat-widget.js"}
    for template, callback in _walk(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        is_admins = template.startswith("admin/")
        methods = ["get", "post"] if is_admins else [m for m in METHODS if hasattr(view, m)]
        found |= {f"{method.upper()} {template}" for method in methods or ["get"]}
    return sorted(found, key=lambda name: (name.startswith("DELETE"), name.endswith(LAST), name))


def path_of(template, house):
    """The address of something in this house, or of nothing where it has none."""
    for start, instead in PATTERNS.items():
        if start in template:
            return "/" + template.partition(start)[0] + instead
    known = {
        "widget_id": house.tenant.id,
        "tenant_id": house.tenant.id,
        "bubble_id": house.shop.bubble.id,
        "conversation_id": house.conversation_id,
        "attachment_id": house.own_file if "widgets" in template else house.team_file,
        "assistant_id": house.shop.assistant.id,
        "contact_id": house.contact_id,
        "integration_id": house.integration.id,
        "code": house.shop.bubble.code,
    }
    if model := MODEL.match(template):
        known["object_id"] = known["id"] = house.row_of(f"{model[1]}.{model[2]}")
    return "/" + PARAMETER.sub(lambda match: str(known.get(match[1], NOWHERE)), template)


def credentials_for(template, house):
    """The headers of somebody who may come in there."""
    if template.startswith("api/widgets") and template.endswith("/logout"):
        # The others go on with the session.
        return {"Authorization": f"Bearer {house.token}"}
    if template.startswith("api/widgets"):
        return {"Authorization": f"Bearer {house.token}", "X-Session-Secret": house.secret}
    if template.startswith("api/external"):
        return {"Authorization": f"Bearer {house.api_token}"}
    if template.startswith("api/auth"):
        return {"Authorization": f"Bearer {house.leaving}"}
    if template.startswith("api/"):
        return {"Authorization": f"Bearer {house.jwt}"}
    return {}


def content_for(template):
    """A body that makes some sense there, as httpx takes it."""
    if template.endswith("attachments"):
        return {"files": {"file": ("a.png", PNG)}}
    if template.endswith("/analyze"):
        # Anything else would wait for the worker.
        return {"json": {}}
    said = {"sessionId": "label", "message": "Hi", "text": "Hi", "event": "e", "name": "Kim"}
    return {"json": said}


def _walk(patterns, prefix=""):
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns, path)
        else:
            yield path, pattern.callback
